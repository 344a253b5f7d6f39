//! Guesses the encoding of words that are not UTF-8: the one that reads most of them as names of people.

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, IBM866, ISO_8859_5, KOI8_R, MACINTOSH, SHIFT_JIS,
    WINDOWS_874, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254,
    WINDOWS_1255, WINDOWS_1256,
};

/// How the letters of an encoding are known.
#[derive(Clone, Copy)]
enum Letters {
    /// These between letters of ASCII: each tells by itself.
    Accented(&'static str),
    /// These, where two stand together; the most frequent ones first.
    Alphabet(&'static str),
    /// These are the most frequent ones of thousands.
    Frequent(&'static str),
}
use Letters::{Accented, Alphabet, Frequent};

const WESTERN: &str = "éèüöäßñçáíóúàâêîôûåæøãõëïìòùœÉÈÖÜÄÅØÇÑÁÓ’";
const CENTRAL: &str = "éüöäáíóúěřšžčůýďťňąęłśćżźńőűŁŚŻŠŽČŘÁÉÖÜ";
const TURKISH: &str = "ğışİŞĞçöüÇÖÜâ";
const CYRILLIC: &str = "оеаинтсрвлкмдпуяызьбгчйхжшюцщэфъё";
const GREEK: &str = "αοιετσνηυρπκμλςωδγχθφβξζψάέήίόύώ";
const HEBREW: &str = "יוהלאמרתבשנכדחקפטסעגזצםןךףץ";
const ARABIC: &str = "المينرتبةعدوسفهكقأحجشطصخذضغثزظىءإآ";
const THAI: &str = "านรกอเงมยลวดทสตะปบหแพชไขใโจคซถผฟญธภศ่้ิีุูั็์ำึื";
const CHINESE: &str = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚\
     卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛\
     明超兰霞平刚桂文华建国志红玉梅春海山东西南北中路号市区省街大小的在一是不了人有晓佳俊宇子欣雨婷思琪浩然";
const TAIWANESE: &str = "陳林黃張李王吳劉蔡楊許鄭謝郭洪邱曾廖賴徐周葉蘇莊呂江何蕭羅高潘簡朱鍾游彭詹胡施沈余盧梁趙顏柯翁魏孫戴\
     范方宋鄧杜傅侯曹薛丁卓馬阮董唐蔣石古紀姚連馮歐程湯田康姜汪白鄒尤巫鐘黎涂龔嚴韓袁金童陸夏柳邵錢志明俊傑建宏文華美玲淑芬\
     雅婷怡君家豪惠秀英雄台北市路號區街段大小中山的在一是不了人有";
const JAPANESE: &str = "佐藤鈴木高橋田中渡辺伊山本村小林加吉井口松清水斎阿部森池石川前後岡長谷近遠坂青西福太三上野原島竹内金子和\
     大美恵由紀真一郎裕健誠智也翔東京都市区町丁目県府阪\
     あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをんがぎぐげござじずぜぞだでどばびぶべぼっゃゅょ\
     アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワンガギグゴザジズゼゾダデドバビブベボパピプペポッャュョー";
const KOREAN: &str = "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진지영수현준연은경미숙희철호상동훈\
     재기태원선혜시도군길로번대국";

/// Encodings with their names. Of two that fit as well the first is named.
static KNOWN: [(&Encoding, &str, Letters); 20] = [
    (GB18030, "GBK or GB18030 (Chinese)", Frequent(CHINESE)),
    (BIG5, "Big5 (Chinese)", Frequent(TAIWANESE)),
    (SHIFT_JIS, "Shift-JIS (Japanese)", Frequent(JAPANESE)),
    (EUC_JP, "EUC-JP (Japanese)", Frequent(JAPANESE)),
    (EUC_KR, "EUC-KR (Korean)", Frequent(KOREAN)),
    (WINDOWS_1252, "Windows-1252", Accented(WESTERN)),
    (
        WINDOWS_1250,
        "Windows-1250 (Central European)",
        Accented(CENTRAL),
    ),
    (WINDOWS_1254, "Windows-1254 (Turkish)", Accented(TURKISH)),
    (MACINTOSH, "Mac Roman", Accented(WESTERN)),
    (WINDOWS_1251, "Windows-1251 (Cyrillic)", Alphabet(CYRILLIC)),
    (KOI8_R, "KOI8-R (Cyrillic)", Alphabet(CYRILLIC)),
    (IBM866, "code page 866 (Cyrillic)", Alphabet(CYRILLIC)),
    (ISO_8859_5, "ISO 8859-5 (Cyrillic)", Alphabet(CYRILLIC)),
    (WINDOWS_1253, "Windows-1253 (Greek)", Alphabet(GREEK)),
    (WINDOWS_1255, "Windows-1255 (Hebrew)", Alphabet(HEBREW)),
    (WINDOWS_1256, "Windows-1256 (Arabic)", Alphabet(ARABIC)),
    (WINDOWS_874, "Windows-874 (Thai)", Alphabet(THAI)),
    (
        encoding_rs::ISO_8859_2,
        "ISO 8859-2 (Central European)",
        Accented(CENTRAL),
    ),
    (
        encoding_rs::ISO_8859_7,
        "ISO 8859-7 (Greek)",
        Alphabet(GREEK),
    ),
    (
        encoding_rs::ISO_8859_6,
        "ISO 8859-6 (Arabic)",
        Alphabet(ARABIC),
    ),
];

/// Percentage of the letters beyond ASCII that must be known ones.
const LEAST: i64 = 15;
/// The same for letters that are each distinctive.
const LEAST_ACCENTED: i64 = 60;
/// How many letters of an alphabet are frequent ones: in words of another alphabet they are rare.
const FREQUENT: usize = 12;

/// The encoding of words that are no UTF-8; `None` if they make sense in none: then they are damaged.
pub(super) fn likely(sample: &[u8]) -> Option<&'static str> {
    // In Mac Roman nearly every octet is a letter, so that one or two of them tell nothing.
    let is_short = sample.iter().filter(|octet| !octet.is_ascii()).count() < 3;
    let mut best = (0, None);
    for (encoding, name, letters) in KNOWN {
        let score = letters.score(&encoding.decode_without_bom_handling(sample).0);
        let tells = !(is_short && encoding == MACINTOSH);
        if tells && score >= letters.least() && score > best.0 {
            best = (score, Some(name));
        }
    }
    best.1
}

impl Letters {
    /// Of a hundred characters that are not ASCII, how many are known; fewer for each that is none at all.
    fn score(self, text: &str) -> i64 {
        let (mut all, mut known, mut broken) = (0_i64, 0_i64, 0_i64);
        let mut before = (' ', false);
        for c in text.chars() {
            let is_known = !c.is_ascii() && self.set().contains(c);
            all += i64::from(!c.is_ascii());
            broken += i64::from(c == '\u{fffd}' || (c.is_control() && !c.is_ascii()));
            known += match self {
                Alphabet(set) if is_known && before.1 => {
                    1 + i64::from(set.chars().take(FREQUENT).any(|frequent| frequent == c))
                }
                Accented(_) => 2 * i64::from(is_known && !before.1),
                Frequent(_) => 2 * i64::from(is_known),
                Alphabet(_) => 0,
            };
            before = (c, is_known);
        }
        match all {
            0 => 0,
            all => (known - 4 * broken) * 50 / all,
        }
    }

    fn least(self) -> i64 {
        match self {
            Accented(_) => LEAST_ACCENTED,
            Alphabet(_) => 2 * LEAST,
            Frequent(_) => LEAST,
        }
    }

    fn set(self) -> &'static str {
        match self {
            Accented(set) | Alphabet(set) | Frequent(set) => set,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_their_encoding() {
        for (encoding, words, name) in [
            (GB18030, "张伟 王芳 李秀英 刘洋 陈静 赵敏 周杰", "GBK"),
            (BIG5, "陳志明 林淑芬 黃雅婷 張家豪 李怡君 王建宏", "Big5"),
            (
                SHIFT_JIS,
                "佐藤 太郎 鈴木 花子 高橋 健 たなか ワタナベ",
                "Shift-JIS",
            ),
            (
                EUC_JP,
                "佐藤 太郎 鈴木 花子 高橋 健 たなか ワタナベ",
                "EUC-JP",
            ),
            (EUC_KR, "김민준 이서연 박지훈 최수현 정미경", "EUC-KR"),
            (
                WINDOWS_1252,
                "Müller José Françoise Nuñez Søren Weiß",
                "Windows-1252",
            ),
            (WINDOWS_1252, "Müller", "Windows-1252"),
            (
                WINDOWS_1250,
                "Łukasz Dvořák Šárka Wiśniewska",
                "Windows-1250",
            ),
            (WINDOWS_1254, "Işıl Çağrı Güneş", "Windows-1254"),
            (MACINTOSH, "Müller José Françoise Nuñez", "Mac Roman"),
            (WINDOWS_1251, "Иванов Пётр Смирнова Анна", "Windows-1251"),
            (KOI8_R, "Иванов Пётр Смирнова Анна", "KOI8-R"),
            (IBM866, "Иванов Пётр Смирнова Анна", "code page 866"),
            (WINDOWS_1253, "Γιώργος Παπαδόπουλος", "Windows-1253"),
            (WINDOWS_1255, "משה כהן שרה לוי", "Windows-1255"),
            (WINDOWS_1256, "محمد أحمد فاطمة", "Windows-1256"),
            (WINDOWS_874, "สมชาย ใจดี", "Windows-874"),
        ] {
            let found = likely(&encoding.encode(words).0).unwrap_or("none");
            assert!(found.starts_with(name), "{words}: {found}");
        }
    }

    #[test]
    fn damaged_octets_are_no_encoding() {
        for words in [&b"\xff"[..], b"A\xff\xfeB", b"\xc3", b"a\x80b", b"\xe2\x82"] {
            assert_eq!(likely(words), None, "{words:?}");
        }
    }
}
