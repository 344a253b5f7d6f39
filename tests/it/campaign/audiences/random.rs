//! 200 random audiences: the sentence adds up, equals the people that are frozen, and equals a count that this file asks
//! the tables by itself.

use candor::campaign::audience::{Earlier, Listed};
use candor::campaign::reference_list;
use candor::notice::NoticeStatus;
use candor::person::AudienceRow;
use candor::person::narrowing::Wave;
use candor::person::store::{audience_terms, page_of_few, people_of_term};
use candor::person::terms::{AudienceTerm, AudienceTerms};

use super::by_hand::{PEOPLE, by_hand};
use super::counts::mixed;
use super::*;
use candor::campaign::Audience;
use candor::id::IncidentId;

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        // Knuth's constants of MMIX.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn one_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == 0
    }

    /// Some of these, sometimes none.
    fn some<'a, T>(&mut self, all: &'a [T], sides: u64) -> Vec<&'a T> {
        all.iter().filter(|_| self.one_in(sides)).collect()
    }

    fn elements(&mut self) -> ElementSet {
        if !self.one_in(4) {
            return ElementSet::EMPTY;
        }
        let all = [Element::Name, Element::Ssn, Element::Phone];
        self.some(&all, 2).into_iter().copied().collect()
    }

    fn flags(&mut self) -> Flags {
        let all = ["", "", "", "minor", "vulnerable", "minor;hold"];
        Flags::parse(all[self.roll(6) as usize]).unwrap()
    }

    fn audience(&mut self, kind: CampaignKind, has: &Has) -> Audience {
        let whos = kind.audiences();
        let who = whos[self.roll(whos.len() as u64) as usize];
        let (places, tags) = (["US", "US-CA", "DE", "FR"], ["en", "en-US", "es", "zh"]);
        let few = 5;
        let places = self.some(&places, few).into_iter();
        let tags = self.some(&tags, few).into_iter();
        let states = [
            NoticeStatus::Sent,
            NoticeStatus::Withheld,
            NoticeStatus::Uncertain,
        ];
        let asked: Vec<_> = self.some(&states, 2).into_iter().copied().collect();
        let (from, wide) = (self.roll(800) as u16, 1 + self.roll(200) as u16);
        Audience {
            who: (!self.one_in(3)).then_some(who),
            jurisdictions: places
                .map(|one| Jurisdiction::parse(one).unwrap())
                .collect(),
            locales: tags.map(|one| Locale::parse(one).unwrap()).collect(),
            elements: self.elements(),
            elements_all: self.elements(),
            elements_none: self.elements(),
            flags: self.flags(),
            flags_none: self.flags(),
            may_have_been_told: kind != CampaignKind::Correction && self.one_in(6),
            earlier: match self.one_in(4) {
                true => Earlier::new(has.first, &asked).ok(),
                false => None,
            },
            only_listed: self.one_in(6).then_some(has.list),
            not_listed: self.one_in(4).then_some(has.other),
            wave: match self.one_in(4) {
                true => Wave::new(from, from + wide).ok(),
                false => None,
            },
        }
    }
}

/// What the incident has beside its people.
struct Has {
    first: CampaignId,
    list: Listed,
    other: Listed,
    /// The references of the two lists.
    references: [Vec<String>; 2],
}

/// People of every kind, with notices that are sent, withheld, unsettled and uncertain.
async fn world(house: &House, scene: &Scene) -> Has {
    // Of some people it is not known whether their notice arrived.
    house.mail.answer_by(|letter| {
        let n: u32 = letter
            .recipient
            .local()
            .trim_start_matches('p')
            .parse()
            .unwrap();
        (n % 6 == 2).then(|| Reply::Unknown {
            why: "the connection was lost".to_owned(),
        })
    });
    mixed(house, scene).await;
    house.mail.answer_by(|_| None);
    let first = house
        .raw()
        .await
        .query_one("select id from campaign", &[])
        .await;
    let first = CampaignId::from_uuid(first.unwrap().get(0));
    // Others have a notice that waits.
    let some = json!({ "locales": ["es"], "flags_none": ["vulnerable"] });
    let second = draft(house, scene, CampaignKind::Initial, LIST, some).await;
    submit_all(house, scene, second).await.unwrap();
    house.freeze_all().await;
    let references = [3, 4].map(|of| {
        let all = (0..260).filter(|n| n % of == 0);
        all.map(|n| format!("r{n}")).collect::<Vec<_>>()
    });
    let mut lists = Vec::new();
    for list in &references {
        let text = list.join("\n");
        let added = reference_list::add(&house.app, scene.comms, scene.incident, &text).await;
        lists.push(added.unwrap().listed);
    }
    Has {
        first,
        list: lists[0],
        other: lists[1],
        references,
    }
}

/// Submits with all that has to be acknowledged, approves and launches.
async fn submit_all(house: &House, scene: &Scene, id: CampaignId) -> Result<(), CampaignError> {
    let (app, mut said) = (&house.app, BTreeSet::new());
    let hash = loop {
        match launch::submit_with(app, scene.comms, id, &said).await {
            Err(CampaignError::NotReady(review, _)) if said.is_empty() => {
                assert!(!review.acknowledge.is_empty(), "{review:?}");
                said = review.acknowledge.into_iter().map(|one| one.key).collect();
            }
            done => break done?,
        }
    };
    launch::approve(app, scene.approver, id, &hash).await?;
    launch::launch(app, scene.comms, id).await.map(drop)
}

async fn ids(house: &House, scene: &Scene, references: &[String]) -> Vec<uuid::Uuid> {
    let mut ids = Vec::new();
    for reference in references {
        let clue = person::find::Clue::Reference(reference.clone());
        let found = person::find::find(&house.app, scene.incident, &clue).await;
        ids.extend(found.unwrap().iter().map(|one| one.id.uuid()));
    }
    ids
}

pub(super) async fn frozen(
    house: &House,
    of: IncidentId,
    filter: &AudienceFilter,
) -> Vec<AudienceRow> {
    let mut conn = house.app.db.get().await.unwrap();
    let all: Vec<i32> = (0..BUCKETS).collect();
    page_of_few(&mut conn, of, &all, filter, 1_000)
        .await
        .unwrap()
}

async fn terms(house: &House, of: IncidentId, filter: &AudienceFilter) -> AudienceTerms {
    let mut conn = house.app.db.get().await.unwrap();
    audience_terms(&mut conn, of, filter).await.unwrap()
}

/// Each number of the sentence is the length of the list behind it, and no person is on two of these lists.
async fn lists_agree(house: &House, of: IncidentId, filter: &AudienceFilter, said: &AudienceTerms) {
    let mut conn = house.app.db.get().await.unwrap();
    let incident = candor::incident::store::find(&mut conn, of).await.unwrap();
    let key = incident.key(&house.app.keys).unwrap().unwrap();
    let mut seen = BTreeSet::new();
    for term in AudienceTerm::ALL {
        let (mut after, mut listed) = (None, 0);
        loop {
            let part = (filter, term);
            let page = people_of_term(&mut conn, (of, &key), part, after, 40)
                .await
                .unwrap();
            listed += page.len() as i64;
            assert!(
                page.iter().all(|one| seen.insert(one.id)),
                "{term:?} {filter:?}"
            );
            match page.last() {
                Some(last) => after = Some(last.id),
                None => break,
            }
        }
        assert_eq!(listed, said.of(term), "{term:?} {filter:?}");
    }
    assert_eq!(seen.len() as i64, said.all());
}

#[tokio::test(flavor = "multi_thread")]
async fn for_200_random_audiences_the_sentence_adds_up_and_equals_what_is_frozen_and_a_count_by_hand()
 {
    let house = House::with(NO_BREAKER).await;
    let scene = Scene::new(&house).await;
    let has = world(&house, &scene).await;
    let [a, b] = &has.references;
    let ids = [ids(&house, &scene, a).await, ids(&house, &scene, b).await];
    let (mut dice, mut met, mut with_people) = (Dice(16), BTreeSet::new(), 0);
    for n in 0..200 {
        let kind = CampaignKind::ALL[n % 3];
        let audience = dice.audience(kind, &has);
        audience.check(kind).unwrap();
        let filter = audience.filter(kind);
        let said = terms(&house, scene.incident, &filter).await;
        let gets = said.of(AudienceTerm::GetsIt);
        met.extend(said.people.keys().copied());
        with_people += usize::from(gets > 0);

        let (base, meant) = by_hand(kind, &audience, has.first, &ids);
        let all = house
            .number(&format!("select count(*) from {PEOPLE} where {base}"))
            .await;
        assert_eq!(said.all(), all, "{audience:?}");
        let counted = format!("select count(*) from {PEOPLE} where {base} and {meant}");
        assert_eq!(gets, house.number(&counted).await, "{audience:?}");

        let rows = frozen(&house, scene.incident, &filter).await;
        let is = |one: &&AudienceRow| one.withheld.is_none() && one.has_address;
        assert_eq!(gets, rows.iter().filter(is).count() as i64, "{audience:?}");
        let withheld = rows.iter().filter(|one| one.withheld.is_some()).count();
        assert_eq!(
            said.of(AudienceTerm::Withheld),
            withheld as i64,
            "{audience:?}"
        );
        let languages: i64 = said.languages().iter().map(|(_, people)| people).sum();
        let places: i64 = said.places().iter().map(|(_, people)| people).sum();
        assert_eq!((languages, places), (gets, gets), "{audience:?}");
        if n % 10 == 0 {
            lists_agree(&house, scene.incident, &filter, &said).await;
        }
    }
    assert_eq!(
        met.len(),
        AudienceTerm::ALL.len(),
        "all terms are tried: {met:?}"
    );
    assert!(with_people >= 40, "{with_people} of 200 have people");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_sentence_says_is_sent() {
    let house = House::with(NO_BREAKER).await;
    let scene = Scene::new(&house).await;
    let has = world(&house, &scene).await;
    let mut dice = Dice(7);
    let mut launched = 0;
    for n in 0..60 {
        let kind = CampaignKind::ALL[n % 3];
        let audience = dice.audience(kind, &has);
        let said = terms(&house, scene.incident, &audience.filter(kind)).await;
        let gets = said.of(AudienceTerm::GetsIt);
        let body = if kind == CampaignKind::Correction {
            CORRECTION
        } else {
            LIST
        };
        let campaign = draft(&house, &scene, kind, body, json!(audience)).await;
        match submit_all(&house, &scene, campaign).await {
            Ok(()) => launched += 1,
            Err(CampaignError::Nobody(count)) => {
                assert_eq!((gets, count), (0, said.count()));
                continue;
            }
            Err(other) => panic!("{other} {audience:?}"),
        }
        house.freeze_all().await;
        let of = format!(
            "select count(*) from notice where campaign_id = '{}'",
            campaign.uuid()
        );
        let queued = house
            .number(&format!("{of} and status <> 'withheld'"))
            .await;
        let withheld = house.number(&format!("{of} and status = 'withheld'")).await;
        assert_eq!(
            (queued, withheld),
            (gets, said.of(AudienceTerm::Withheld)),
            "{audience:?}"
        );
        house.send_all().await;
        let sent = house.number(&format!("{of} and status = 'sent'")).await;
        assert_eq!(sent, gets, "{audience:?}");
    }
    assert!(launched >= 6, "{launched} of 60 were launched");
}
