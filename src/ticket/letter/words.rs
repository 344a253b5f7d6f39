//! The sentences of the helpline's letters in the languages we speak. `{number}`, `{organisation}`,
//! `{hours}` and `{minutes}` are filled in. What follows a number is chosen so that it need not agree
//! with it.

use crate::element::spoken;

/// One language.
pub(super) struct Words {
    /// Its tag.
    pub language: &'static str,
    pub received_subject: &'static str,
    pub received: &'static str,
    pub next: &'static str,
    pub follow: &'static str,
    pub answer_subject: &'static str,
    pub answer: &'static str,
    pub reply: &'static str,
    pub never: &'static str,
    pub code_subject: &'static str,
    pub code: &'static str,
    pub code_ends: &'static str,
    pub code_not_you: &'static str,
}

/// The sentences for a reader of `locale`; English if we do not speak theirs.
pub(super) fn words(locale: &str) -> &'static Words {
    let language = spoken(locale);
    ALL.iter()
        .find(|words| words.language == language)
        .unwrap_or(&ALL[0])
}

static ALL: [Words; 9] = [
    Words {
        language: "en",
        received_subject: "We have your question · {number}",
        received: "{organisation} has received your question. Its number is {number}.",
        next: "An adviser reads it and answers you. You can expect the answer within {hours} hours. It comes by e-mail and stands on your page.",
        follow: "On your page you see where your question stands, and you can add to it:",
        answer_subject: "Our answer to your question · {number}",
        answer: "This is the answer of {organisation} to your question {number}:",
        reply: "To reply, or if this did not help, open your page. Replies to this e-mail do not reach us.",
        never: "We never ask you for a password, a PIN or a card number.",
        code_subject: "Your code for {organisation}",
        code: "Enter this code on the page that asked for it:",
        code_ends: "It works once, within {minutes} minutes.",
        code_not_you: "If you did not ask for it, do nothing: without the code nobody sees your details. We never ask for it on the phone.",
    },
    Words {
        language: "es",
        received_subject: "Hemos recibido su pregunta · {number}",
        received: "{organisation} ha recibido su pregunta. Su número es {number}.",
        next: "Un asesor la lee y le responde. Puede esperar la respuesta en un plazo de {hours} horas. Llega por correo electrónico y aparece en su página.",
        follow: "En su página puede ver cómo va su pregunta y añadir información:",
        answer_subject: "Nuestra respuesta a su pregunta · {number}",
        answer: "Esta es la respuesta de {organisation} a su pregunta {number}:",
        reply: "Para contestar, o si esto no le ha ayudado, abra su página. Las respuestas a este correo no nos llegan.",
        never: "Nunca le pedimos una contraseña, un PIN ni un número de tarjeta.",
        code_subject: "Su código para {organisation}",
        code: "Escriba este código en la página que se lo ha pedido:",
        code_ends: "Sirve una sola vez, durante {minutes} minutos.",
        code_not_you: "Si usted no lo ha pedido, no haga nada: sin el código nadie ve sus datos. Nunca se lo pedimos por teléfono.",
    },
    Words {
        language: "fr",
        received_subject: "Nous avons reçu votre question · {number}",
        received: "{organisation} a reçu votre question. Son numéro est {number}.",
        next: "Un conseiller la lit et vous répond. Vous pouvez compter sur une réponse sous {hours} heures. Elle arrive par e-mail et figure sur votre page.",
        follow: "Sur votre page, vous voyez où en est votre question et pouvez la compléter :",
        answer_subject: "Notre réponse à votre question · {number}",
        answer: "Voici la réponse de {organisation} à votre question {number} :",
        reply: "Pour répondre, ou si cela ne vous a pas aidé, ouvrez votre page. Les réponses à cet e-mail ne nous parviennent pas.",
        never: "Nous ne vous demandons jamais de mot de passe, de code PIN ni de numéro de carte.",
        code_subject: "Votre code pour {organisation}",
        code: "Saisissez ce code sur la page qui vous l’a demandé :",
        code_ends: "Il sert une seule fois, pendant {minutes} minutes.",
        code_not_you: "Si vous ne l’avez pas demandé, ne faites rien : sans ce code, personne ne voit vos données. Nous ne le demandons jamais au téléphone.",
    },
    Words {
        language: "de",
        received_subject: "Ihre Frage ist angekommen · {number}",
        received: "Ihre Frage ist bei {organisation} angekommen. Sie hat die Nummer {number}.",
        next: "Jemand aus unserem Team liest sie und antwortet Ihnen. Rechnen Sie mit der Antwort innerhalb von {hours} Stunden. Sie kommt per E-Mail und steht auf Ihrer Seite.",
        follow: "Auf Ihrer Seite sehen Sie, wie weit wir sind, und können etwas ergänzen:",
        answer_subject: "Unsere Antwort auf Ihre Frage · {number}",
        answer: "Das ist die Antwort von {organisation} auf Ihre Frage {number}:",
        reply: "Wenn Sie antworten möchten oder das nicht geholfen hat, öffnen Sie Ihre Seite. Antworten auf diese E-Mail erreichen uns nicht.",
        never: "Wir fragen Sie nie nach einem Passwort, einer PIN oder einer Kartennummer.",
        code_subject: "Ihr Code für {organisation}",
        code: "Geben Sie diesen Code auf der Seite ein, die danach fragt:",
        code_ends: "Er gilt einmal und {minutes} Minuten lang.",
        code_not_you: "Wenn Sie ihn nicht angefordert haben, müssen Sie nichts tun: Ohne den Code sieht niemand Ihre Daten. Wir fragen nie am Telefon danach.",
    },
    Words {
        language: "vi",
        received_subject: "Chúng tôi đã nhận được câu hỏi của bạn · {number}",
        received: "{organisation} đã nhận được câu hỏi của bạn. Mã số là {number}.",
        next: "Một tư vấn viên sẽ đọc và trả lời bạn. Bạn sẽ nhận được câu trả lời trong vòng {hours} giờ, qua email và trên trang của bạn.",
        follow: "Trên trang của bạn, bạn có thể xem tình trạng câu hỏi và bổ sung thông tin:",
        answer_subject: "Câu trả lời cho câu hỏi của bạn · {number}",
        answer: "Đây là câu trả lời của {organisation} cho câu hỏi {number} của bạn:",
        reply: "Để trả lời, hoặc nếu điều này chưa giúp được bạn, hãy mở trang của bạn. Thư trả lời email này không đến được chúng tôi.",
        never: "Chúng tôi không bao giờ hỏi mật khẩu, mã PIN hoặc số thẻ của bạn.",
        code_subject: "Mã của bạn cho {organisation}",
        code: "Nhập mã này trên trang đã yêu cầu mã:",
        code_ends: "Mã dùng được một lần, trong vòng {minutes} phút.",
        code_not_you: "Nếu bạn không yêu cầu mã này, bạn không cần làm gì: không có mã thì không ai xem được thông tin của bạn. Chúng tôi không bao giờ hỏi mã qua điện thoại.",
    },
    Words {
        language: "zh",
        received_subject: "我们已收到您的问题 · {number}",
        received: "{organisation} 已收到您的问题，编号为 {number}。",
        next: "顾问会阅读并回复您。预计在 {hours} 小时内答复。答复将通过电子邮件发送，并显示在您的页面上。",
        follow: "您可以在您的页面上查看进展或补充内容：",
        answer_subject: "对您问题的答复 · {number}",
        answer: "以下是 {organisation} 对您的问题 {number} 的答复：",
        reply: "如需回复，或此答复没有帮到您，请打开您的页面。回复本邮件我们无法收到。",
        never: "我们绝不会向您索取密码、PIN 码或卡号。",
        code_subject: "您的 {organisation} 验证码",
        code: "请在要求输入验证码的页面上输入：",
        code_ends: "验证码仅可使用一次，{minutes} 分钟内有效。",
        code_not_you: "如果不是您本人申请的，无需任何操作：没有验证码，任何人都看不到您的信息。我们绝不会在电话中索取验证码。",
    },
    Words {
        language: "ko",
        received_subject: "문의가 접수되었습니다 · {number}",
        received: "{organisation}에서 귀하의 문의를 받았습니다. 접수 번호는 {number}입니다.",
        next: "상담원이 읽고 답변을 드립니다. 답변은 {hours}시간 이내에 이메일과 귀하의 페이지로 받으실 수 있습니다.",
        follow: "귀하의 페이지에서 진행 상황을 확인하고 내용을 추가하실 수 있습니다:",
        answer_subject: "문의에 대한 답변 · {number}",
        answer: "문의 {number}에 대한 {organisation}의 답변입니다:",
        reply: "답장하시거나 도움이 되지 않았다면 귀하의 페이지를 열어 주십시오. 이 이메일에 회신하시면 저희에게 전달되지 않습니다.",
        never: "저희는 비밀번호, PIN, 카드 번호를 절대 묻지 않습니다.",
        code_subject: "{organisation} 인증 코드",
        code: "코드를 요청한 페이지에 다음 코드를 입력하십시오:",
        code_ends: "이 코드는 {minutes}분 동안 한 번만 사용할 수 있습니다.",
        code_not_you: "요청하신 적이 없다면 아무것도 하지 않으셔도 됩니다. 코드가 없으면 누구도 귀하의 정보를 볼 수 없습니다. 저희는 전화로 코드를 절대 묻지 않습니다.",
    },
    Words {
        language: "ru",
        received_subject: "Мы получили ваш вопрос · {number}",
        received: "{organisation}: ваш вопрос получен. Его номер {number}.",
        next: "Консультант прочитает его и ответит вам. Срок ответа: до {hours} ч. Ответ придёт по электронной почте и появится на вашей странице.",
        follow: "На вашей странице видно, что происходит с вопросом; там же его можно дополнить:",
        answer_subject: "Наш ответ на ваш вопрос · {number}",
        answer: "{organisation}: ответ на ваш вопрос {number}:",
        reply: "Чтобы ответить или сообщить, что это не помогло, откройте вашу страницу. Ответы на это письмо до нас не доходят.",
        never: "Мы никогда не спрашиваем пароль, ПИН-код или номер карты.",
        code_subject: "Ваш код: {organisation}",
        code: "Введите этот код на странице, которая его запросила:",
        code_ends: "Код действует один раз, в течение {minutes} мин.",
        code_not_you: "Если вы его не запрашивали, ничего не делайте: без кода никто не увидит ваших данных. Мы никогда не спрашиваем его по телефону.",
    },
    Words {
        language: "ar",
        received_subject: "لقد وصلنا سؤالك · {number}",
        received: "وصل سؤالك إلى {organisation}. رقمه {number}.",
        next: "سيقرؤه أحد مستشارينا ويجيبك. المدة المتوقعة للرد بالساعات: {hours}. يصلك الرد بالبريد الإلكتروني ويظهر في صفحتك.",
        follow: "يمكنك في صفحتك أن ترى وضع سؤالك وأن تضيف إليه:",
        answer_subject: "ردنا على سؤالك · {number}",
        answer: "هذا رد {organisation} على سؤالك {number}:",
        reply: "للرد علينا، أو إذا لم يفدك هذا الجواب، افتح صفحتك. الردود على هذه الرسالة لا تصل إلينا.",
        never: "لا نطلب منك أبدا كلمة مرور أو رقما سريا أو رقم بطاقة.",
        code_subject: "رمزك لدى {organisation}",
        code: "أدخل هذا الرمز في الصفحة التي طلبته:",
        code_ends: "يصلح لمرة واحدة، ومدة صلاحيته بالدقائق: {minutes}.",
        code_not_you: "إذا لم تطلبه فلا تفعل شيئا: لا أحد يرى بياناتك من دون الرمز. لا نطلبه أبدا عبر الهاتف.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::LOCALES;

    #[test]
    fn every_language_has_every_sentence_with_its_blanks() {
        for (words, language) in ALL.iter().zip(LOCALES) {
            assert_eq!(words.language, language);
            for (sentence, blanks) in [
                (words.received_subject, "{number}"),
                (words.received, "{organisation} {number}"),
                (words.next, "{hours}"),
                (words.answer_subject, "{number}"),
                (words.answer, "{organisation} {number}"),
                (words.code_subject, "{organisation}"),
                (words.code_ends, "{minutes}"),
            ] {
                let all = blanks.split(' ').all(|blank| sentence.contains(blank));
                assert!(all, "{language}: {sentence}");
                let opened = sentence.matches('{').count();
                assert_eq!(opened, blanks.split(' ').count(), "{language}: {sentence}");
            }
        }
        assert_eq!(words("de-AT").language, "de");
        assert_eq!(words("pt-BR").language, "en");
    }
}
