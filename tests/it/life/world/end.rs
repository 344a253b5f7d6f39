//! The end of an incident on the real system: closed, then forgotten.

use candor::id::IncidentId;
use candor::incident::open::{Open, Untold};
use candor::incident::steer::{self, SteerError, Step};
use candor::incident::{self, IncidentState};
use candor::person::forget::{self, ForgetError};
use candor::postal::{self, PostalError, PostalKind, Telling};
use candor::scope::import::ImportError;

use super::super::model::Kind;
use super::super::model::list::File;
use super::World;
use crate::postal::REHEARSAL;

impl World {
    /// Moves the incident on without any consent.
    pub async fn move_on(&self, to: IncidentState) -> Result<(), SteerError> {
        self.step(to, None).await
    }

    async fn step(&self, to: IncidentState, agreed: Option<Untold>) -> Result<(), SteerError> {
        let (app, by, id) = (&self.house.app, self.scene.comms, self.incident());
        let mut conn = app.db.get().await.unwrap();
        let version = incident::store::find(&mut conn, id).await.unwrap().version;
        drop(conn);
        let step = Step {
            version,
            to,
            agreed,
        };
        steer::step(app, by, id, step).await
    }

    /// Moves the incident to monitoring; returns the number of people who are not told, for which it asks a consent.
    pub async fn monitor(&self) -> Untold {
        for to in [IncidentState::Scoping, IncidentState::Notifying] {
            self.move_on(to).await.unwrap();
        }
        let to = IncidentState::Monitoring;
        match self.move_on(to).await {
            Ok(()) => Untold::default(),
            Err(SteerError::NotTold(untold)) => {
                self.step(to, Some(untold)).await.unwrap();
                untold
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    /// Closes the incident, or returns what prevents it.
    pub async fn close(&self) -> Option<Open> {
        match self.move_on(IncidentState::Closed).await {
            Ok(()) => None,
            Err(SteerError::StillOpen { open, .. }) => Some(*open),
            Err(other) => panic!("{other:?}"),
        }
    }

    /// Tries to forget the people of the incident.
    pub async fn forget(&self, repeated: &str) -> Result<(), ForgetError> {
        let (app, by) = (&self.house.app, self.scene.comms);
        forget::forget(app, by, self.incident(), repeated).await
    }

    pub fn slug(&self) -> &str {
        &self.slug
    }

    /// Every act that would still reach people of a forgotten incident, or read their data, is refused.
    pub async fn is_forgotten(&self, file: &File) {
        let (app, by, of): (_, _, IncidentId) =
            (&self.house.app, self.scene.comms, self.incident());
        let read = self.try_to_read(file, true, None).await;
        assert!(matches!(read, Err(ImportError::Forgotten)), "{read:?}");
        for kind in PostalKind::LISTS {
            let taken = postal::list::export(app, by, of, kind, REHEARSAL).await;
            let why = taken.err();
            assert!(matches!(why, Some(PostalError::Forgotten)), "{why:?}");
        }
        let how = Telling::new(postal::How::Phone, "a sister").unwrap();
        let today = app.now().date_naive();
        let told = postal::told::told(app, by, of, "r0", today, &how).await;
        assert!(matches!(told, Err(PostalError::Forgotten)), "{told:?}");
        for kind in Kind::ALL {
            self.cannot_be_submitted(kind).await;
        }
        let again = self.forget(&self.slug).await;
        assert!(matches!(again, Err(ForgetError::Already)), "{again:?}");
        let mut conn = app.db.get().await.unwrap();
        let key = incident::store::wrapped_key(&mut conn, of).await.unwrap();
        assert_eq!(key, None);
    }
}
