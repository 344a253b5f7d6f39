//! What customers ask on the rehearsal's helpline, and what agents answer.

/// One question and its answer, in the customer's language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Talk {
    /// Language of both.
    pub locale: &'static str,
    /// As a customer types it, mistakes included.
    pub question: &'static str,
    /// Plain text.
    pub answer: &'static str,
    /// The state in which the answer leaves the ticket: `solved`, `pending` or `on_hold`.
    pub then: &'static str,
    /// What the agent notes for colleagues; empty for none.
    pub note: &'static str,
}

/// The talks of the demo.
pub const TALKS: [Talk; 8] = [
    Talk {
        locale: "en",
        question: "I left you in 2014. Why do you even still HAVE my social security number???",
        answer: "You asked us for a contract at the time, and for that we checked your credit with \
                 your Social Security number. We kept the file longer than we needed it. That was \
                 wrong, and we are sorry. Please freeze your credit at Equifax, Experian and \
                 TransUnion: it is free and takes a few minutes each. If you want us to delete \
                 what we may delete, just answer yes.",
        then: "pending",
        note: "Former customer. Asked for deletion between the lines; waiting for a clear yes.",
    },
    Talk {
        locale: "en",
        question: "Is this mail real or is it the scammers? How can I tell",
        answer: "You are right to ask. Type the address of our own site, with /verify behind it, into \
                 your browser yourself and enter the code from your notice. If the page knows the code, the notice is from \
                 us. We never ask for a password, a PIN or your Social Security number.",
        then: "solved",
        note: "",
    },
    Talk {
        locale: "en",
        question: "my phone says NO SERVICE since this morning and i got an email that my bank \
                   password was changed. please help, nobody picks up",
        answer: "We have locked your number and stopped the move to another carrier. Call your \
                 bank now from another phone, with the number on your card, and ask them to block \
                 online access. We are giving you a new SIM card free of charge today. A colleague \
                 calls you within the hour at the other number on your account.",
        then: "on_hold",
        note: "SIM swap under way, money at risk. Fraud desk has the case; review in one hour.",
    },
    Talk {
        locale: "en",
        question: "First you wrote no phone numbers were taken, now you write they were. Which is \
                   it? Is there going to be a third letter?",
        answer: "The second notice is right. On August 17 we told you what we had found until \
                 then; on August 20 we found that phone numbers and device numbers were in the \
                 files too. We should have said that we were not finished. If we find anything \
                 more that concerns you, we will write to you again, and your page will show it.",
        then: "solved",
        note: "",
    },
    Talk {
        locale: "es",
        question: "Mi mamá no usa internet y le llegó su aviso al correo de nosotros. ¿Qué tiene \
                   que hacer ella con lo del PIN?",
        answer: "Ya cambiamos el PIN robado, así que nadie puede usarlo. Ella puede elegir uno \
                 nuevo por teléfono o en cualquier tienda con su identificación. Pida también que \
                 bloqueemos su número contra el cambio de SIM; es gratis. Si lo prefiere, le \
                 enviamos el aviso por carta.",
        then: "solved",
        note: "Shared mailbox. The mother has a notice of her own; nothing of hers was told here.",
    },
    Talk {
        locale: "vi",
        question: "Con tôi 9 tuổi cũng có thư. Sao cháu lại có trong danh sách? Tôi phải làm gì?",
        answer: "Con quý vị được ghi tên trên một đường dây của gia đình. Quý vị có thể yêu cầu \
                 Equifax, Experian và TransUnion đóng băng tín dụng cho trẻ em, miễn phí; họ sẽ hỏi \
                 giấy khai sinh và giấy tờ của quý vị. Chúng tôi cũng bảo vệ danh tính cho cháu \
                 trong hai năm. Chúng tôi xin lỗi.",
        then: "solved",
        note: "Minor. Notice should have been addressed to the parent; told the lead.",
    },
    Talk {
        locale: "de",
        question: "Ich wohne seit zwei Jahren wieder in Berlin. Was bringt mir eine Sperre bei \
                   amerikanischen Auskunfteien?",
        answer: "Die Diebe können mit Ihrer US-Sozialversicherungsnummer weiterhin in den USA \
                 Konten eröffnen; deshalb lohnt sich die Sperre. Das geht online und kostenlos, \
                 auch aus Berlin. Bitten Sie außerdem Ihre deutsche Auskunftei um einen \
                 Betrugshinweis.",
        then: "solved",
        note: "",
    },
    Talk {
        locale: "ar",
        question: "اتصل بي رجل يقول إنه من شركتكم وطلب مني الرمز الذي وصلني برسالة. هل كان منكم؟",
        answer: "لا، لم يكن منّا. نحن لا نتصل بأحد أبدًا لنطلب رمزًا. إذا كنت قد أعطيته الرمز، فغيّر كلمة \
                 مرور حسابك الآن وأخبرنا كي نقفل رقمك. هل أعطيته الرمز؟ وهل تتذكر الرقم الذي اتصل \
                 منه؟",
        then: "pending",
        note: "Vishing. Number to be added to the warning page once the customer names it.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_talk_has_both_sides_and_a_next_state() {
        for talk in TALKS {
            assert!(crate::element::LOCALES.contains(&talk.locale));
            assert!(["solved", "pending", "on_hold"].contains(&talk.then));
            for text in [talk.question, talk.answer] {
                assert!(text.len() > 40 && !text.contains("  "), "{text}");
            }
            assert!(!talk.answer.contains('!'));
        }
    }
}
