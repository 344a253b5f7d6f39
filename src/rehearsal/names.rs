//! Invented people's names in nine languages, each in its own script.
//!
//! `Name:latin` gives the spelling for an e-mail address where it differs from the name in
//! lower case. Lists are sentences of words rather than arrays: they stay readable.

use super::dice::Dice;

/// How people of one language are called.
pub(super) struct Tongue {
    /// The language, as in the locale.
    pub(super) language: &'static str,
    /// How many of a thousand customers in the United States prefer it.
    pub(super) weight: u32,
    /// Two lists: women's and men's names.
    given: [&'static str; 2],
    /// The same, where family names have two forms.
    family: [&'static str; 2],
    /// `{f}` family, `{g}` given name.
    order: &'static str,
}

/// A name and its Latin spelling for an address.
pub(super) struct Called {
    pub(super) name: String,
    pub(super) local_part: String,
}

/// The tongue of a language subtag; English for any other.
pub(super) fn tongue(language: &str) -> &'static Tongue {
    TONGUES
        .iter()
        .find(|tongue| tongue.language == language)
        .unwrap_or(&TONGUES[0])
}

impl Tongue {
    /// Someone's name. People who share `family` dice share the family name.
    pub(super) fn call(&self, family: &mut Dice, own: &mut Dice) -> Called {
        let sex = own.below(2) as usize;
        let (given, g) = spelling(own.word(self.given[sex]));
        let (family, f) = spelling(family.word(self.family[sex]));
        let name = self.order.replace("{g}", &given).replace("{f}", &family);
        Called {
            name,
            local_part: format!("{g}.{f}"),
        }
    }
}

/// `_` stands for a space inside a name.
fn spelling(word: &str) -> (String, String) {
    let (name, latin) = word.split_once(':').unwrap_or((word, word));
    let plain = latin
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>();
    (name.replace('_', " "), plain.to_ascii_lowercase())
}

const VI_FAMILY: &str = "Nguyễn:nguyen Trần:tran Lê:le Phạm:pham Huỳnh:huynh Phan Vũ:vu \
    Đặng:dang Bùi:bui Đỗ:do Hồ:ho Ngô:ngo Dương:duong Lý:ly";
const ZH_FAMILY: &str = "王:wang 李:li 张:zhang 刘:liu 陈:chen 杨:yang 黄:huang 赵:zhao 周:zhou \
    吴:wu 徐:xu 孙:sun 马:ma 欧阳:ouyang";
const KO_FAMILY: &str =
    "김:kim 이:lee 박:park 최:choi 정:jung 강:kang 조:cho 윤:yoon 장:jang 임:lim 한:han 서:seo";
const AR_FAMILY: &str = "الخطيب:alkhatib حدّاد:haddad منصور:mansour الشامي:alshami خليل:khalil \
    عبد_الرحمن:abdulrahman النجّار:alnajjar صالح:saleh قاسم:qasem المصري:almasri";
const EN_FAMILY: &str = "Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor \
    Thomas Moore Jackson White Harris Clark Lewis Robinson Walker Young Allen King Wright Scott \
    Hill Green Adams Baker Nelson Carter O’Brien:obrien O’Connor:oconnor MacLeod Nguyen Patel \
    Washington Freeman Goldberg Kowalski Begay Kealoha Núñez:nunez Ibáñez:ibanez Smith-Jones";
const ES_FAMILY: &str = "García_López:garcia Rodríguez_Peña:rodriguez Hernández_Ruiz:hernandez \
    Martínez:martinez González_Núñez:gonzalez Pérez_Ávila:perez Sánchez:sanchez Ramírez:ramirez \
    Muñoz:munoz Gutiérrez:gutierrez Vázquez:vazquez Ibáñez:ibanez Flores Castillo";
const FR_FAMILY: &str = "Lefèvre:lefevre Beauséjour:beausejour Côté:cote Gagné:gagne Dupont Moreau \
    Lemaître:lemaitre François:francois D’Arcy:darcy Pierre-Louis Toussaint Bélanger:belanger";
const DE_FAMILY: &str = "Müller:mueller Schröder:schroeder Weiß:weiss Krüger:krueger Schäfer:schaefer \
    Groß:gross Wagner Becker Hoffmann Köhler:koehler von_Berg:vonberg Öztürk:oeztuerk";

pub(super) const TONGUES: [Tongue; 9] = [
    Tongue {
        language: "en",
        weight: 720,
        given: [
            "Mary Patricia Jennifer Linda Elizabeth Susan Jessica Sarah Karen Ashley Emily Donna \
             Michelle Zoë:zoe Renée:renee Aaliyah Keisha Priya Siobhán:siobhan Mary-Anne",
            "James Robert John Michael David William Richard Joseph Thomas Christopher Daniel \
             Anthony Mark Steven Andrew DeShawn Jamal Arjun Seán:sean José:jose",
        ],
        family: [EN_FAMILY, EN_FAMILY],
        order: "{g} {f}",
    },
    Tongue {
        language: "es",
        weight: 150,
        given: [
            "María:maria Sofía:sofia Lucía:lucia Guadalupe Ximena Valentina Inés:ines Begoña:begona \
             Rocío:rocio Ana_María:anamaria",
            "José:jose Andrés:andres Íñigo:inigo Raúl:raul Jesús:jesus Martín:martin Óscar:oscar \
             Ángel:angel Luis Juan_Carlos:juancarlos",
        ],
        family: [ES_FAMILY, ES_FAMILY],
        order: "{g} {f}",
    },
    Tongue {
        language: "fr",
        weight: 15,
        given: [
            "Chloé:chloe Hélène:helene Maëlys:maelys Françoise:francoise Noémie:noemie Anaïs:anais",
            "Étienne:etienne Loïc:loic François:francois Gaël:gael Jérôme:jerome Jean-Baptiste",
        ],
        family: [FR_FAMILY, FR_FAMILY],
        order: "{g} {f}",
    },
    Tongue {
        language: "de",
        weight: 15,
        given: [
            "Käthe:kaethe Jörgine:joergine Anneliese Zoë:zoe Birgit Ursula Heike Lieselotte",
            "Jürgen:juergen Björn:bjoern Götz:goetz Sören:soeren Matthias Karl-Heinz Uwe Günther:guenther",
        ],
        family: [DE_FAMILY, DE_FAMILY],
        order: "{g} {f}",
    },
    Tongue {
        language: "vi",
        weight: 25,
        given: [
            "Thị_Hương:huong Thị_Mai:mai Ngọc_Ánh:anh Thu_Thủy:thuy Kim_Oanh:oanh Bích_Phượng:phuong",
            "Văn_Hùng:hung Đức_Thắng:thang Quốc_Việt:viet Minh_Tuấn:tuan Hữu_Nghĩa:nghia Đình_Lộc:loc",
        ],
        family: [VI_FAMILY, VI_FAMILY],
        order: "{f} {g}",
    },
    Tongue {
        language: "zh",
        weight: 30,
        given: [
            "秀英:xiuying 丽:li 静:jing 雨桐:yutong 淑珍:shuzhen 美玲:meiling",
            "伟:wei 强:qiang 建国:jianguo 浩然:haoran 志明:zhiming 子轩:zixuan",
        ],
        family: [ZH_FAMILY, ZH_FAMILY],
        order: "{f}{g}",
    },
    Tongue {
        language: "ko",
        weight: 15,
        given: [
            "서연:seoyeon 지우:jiwoo 민지:minji 은영:eunyoung 미경:mikyung 하은:haeun",
            "민준:minjun 서준:seojun 영수:youngsoo 성호:sungho 도윤:doyun 재현:jaehyun",
        ],
        family: [KO_FAMILY, KO_FAMILY],
        order: "{f}{g}",
    },
    Tongue {
        language: "ru",
        weight: 15,
        given: [
            "Анна:anna Елена:elena Ольга:olga Наталья:natalya Дарья:darya Юлия:yulia",
            "Дмитрий:dmitry Сергей:sergey Алексей:alexey Фёдор:fyodor Игорь:igor Юрий:yury",
        ],
        family: [
            "Иванова:ivanova Смирнова:smirnova Кузнецова:kuznetsova Соловьёва:solovyova \
             Щербакова:shcherbakova Достоевская:dostoevskaya",
            "Иванов:ivanov Смирнов:smirnov Кузнецов:kuznetsov Соловьёв:solovyov \
             Щербаков:shcherbakov Достоевский:dostoevsky",
        ],
        order: "{g} {f}",
    },
    Tongue {
        language: "ar",
        weight: 15,
        given: [
            "فاطمة:fatima مريم:maryam ليلى:layla نور:nour هدى:huda آمنة:amina",
            "محمد:mohammed أحمد:ahmed يوسف:yousef عمر:omar إبراهيم:ibrahim سامي:sami",
        ],
        family: [AR_FAMILY, AR_FAMILY],
        order: "{g} {f}",
    },
];
