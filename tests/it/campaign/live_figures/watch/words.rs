//! What the page and the dashboard say of the progress.

use super::*;

impl Watch {
    /// What the page says of the campaign's progress.
    pub(super) fn words(&self, of: &Watched, look: &Look) {
        let since = look.begun - FOLLOWS;
        let stopped = self.acts.lasting(since, |act| match act {
            Act::Stop(stopped) => Some(stopped),
            _ => None,
        });
        let paused = self.acts.lasting(since, |act| match act {
            Act::Pause(id, paused) if id == of.id => Some(paused),
            Act::Cancel(id) if id == of.id => Some(true),
            _ => None,
        });
        let (Some((stopped, _)), Some((paused, _))) = (stopped, paused) else {
            return;
        };
        let (pace, state) = (live(&look.page, "pace"), &look.api["held"]["state"]);
        let must = |holds: bool, what: &str| {
            if !holds {
                self.wrong(format!(
                    "{what}: “{pace}”, {}, {:?}",
                    look.api["held"], look.held
                ));
            }
        };
        let status = look.api["status"].as_str().unwrap_or_default();
        if !look.page.contains(&format!("data-status=\"{status}\"")) {
            // It changed between the two.
            return;
        }
        if paused || status != "sending" {
            must(
                state.is_null() && !pace.contains("left"),
                "what is not to send is not held",
            );
            let sending = look.api["counts"]["sending"].as_i64();
            must(sending == Some(0), "it does not send");
            return;
        }
        if stopped {
            let said = "All sending is stopped.";
            must(state == "stopped" && pace == said, "everything is stopped");
            let both = [format!("· {said}"), format!(" waits. {said}")];
            let tells = both.iter().all(|words| look.dashboard.contains(words));
            must(
                tells,
                "the dashboard says so of the campaign, and under Needs you",
            );
            return;
        }
        Self::of_relays(pace, look, must);
        self.after_an_outage(pace, look);
    }

    /// What page and dashboard say of relays that are held or free.
    fn of_relays(pace: &str, look: &Look, must: impl Fn(bool, &str)) {
        let state = &look.api["held"]["state"];
        match &look.held {
            Held::All(until) => {
                let times = until.iter().filter_map(|until| clock(until));
                let said: Vec<_> = times
                    .map(|time| format!("Held until {time} UTC: relay "))
                    .collect();
                let tells = |words: &str| said.iter().any(|said| words.contains(said));
                must(
                    state == "held" && tells(pace) && pace.contains(", it is away"),
                    "all relays are held",
                );
                must(
                    tells(&look.dashboard),
                    "the dashboard says that all relays are held",
                );
            }
            Held::Free => {
                must(state.is_null() && !pace.contains("Held"), "a relay is free");
                must(
                    !look.dashboard.contains("Held until"),
                    "the dashboard says that a relay is free",
                );
            }
            Held::Unclear => {}
        }
    }

    /// Counts whether the page says that relays are held, and that they are free once they are back.
    fn after_an_outage(&self, pace: &str, look: &Look) {
        let since = look.begun - FOLLOWS;
        let away = self.acts.lasting(since, |act| match act {
            Act::Away(away) => Some(away),
            _ => None,
        });
        match away {
            Some((true, _)) => {
                let mut findings = self.findings.0.lock().unwrap();
                findings.away.0 += 1;
                findings.away.1 += usize::from(pace.contains("Held until"));
            }
            Some((false, at))
                if at + self.away <= since && !look.api["held"]["state"].is_null() =>
            {
                self.wrong(format!(
                    "the relays are back: “{pace}”, {}",
                    look.api["held"]
                ));
            }
            _ => {}
        }
    }
}
