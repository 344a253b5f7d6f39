//! The tables as diesel sees them; `tests/it/db/schema.rs` compares this file with the migrations.

/// The SQL side of every `pg_enum!`.
pub(crate) mod sql_types {
    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "staff_role"))]
    pub struct StaffRole;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "incident_state"))]
    pub struct IncidentState;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "update_kind"))]
    pub struct UpdateKind;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "scope_mode"))]
    pub struct ScopeMode;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "scope_status"))]
    pub struct ScopeStatus;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "person_standing"))]
    pub struct PersonStanding;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "told_by"))]
    pub struct ToldBy;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "withheld_reason"))]
    pub struct WithheldReason;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "campaign_kind"))]
    pub struct CampaignKind;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "account_kind"))]
    pub struct AccountKind;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "canary_state"))]
    pub struct CanaryState;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "campaign_status"))]
    pub struct CampaignStatus;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "uncertain_policy"))]
    pub struct UncertainPolicy;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "batch_status"))]
    pub struct BatchStatus;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "notice_status"))]
    pub struct NoticeStatus;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "attempt_result"))]
    pub struct AttemptResult;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "ticket_status"))]
    pub struct TicketStatus;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "ticket_channel"))]
    pub struct TicketChannel;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "ticket_resolution"))]
    pub struct TicketResolution;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "message_kind"))]
    pub struct MessageKind;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "letter_kind"))]
    pub struct LetterKind;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "letter_status"))]
    pub struct LetterStatus;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "letter_withheld"))]
    pub struct LetterWithheld;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "postal_kind"))]
    pub struct PostalKind;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "correction_due"))]
    pub struct CorrectionDue;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "postal_state"))]
    pub struct PostalState;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "postal_status"))]
    pub struct PostalStatus;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "recall_status"))]
    pub struct RecallStatus;

    #[derive(diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
    #[diesel(postgres_type(name = "minors_rule"))]
    pub struct MinorsRule;
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    staff (id) {
        id -> Uuid,
        email -> Nullable<Text>,
        name -> Text,
        roles -> Array<sql_types::StaffRole>,
        password_hash -> Nullable<Text>,
        created_at -> Timestamptz,
        disabled_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    staff_session (token_hash) {
        token_hash -> Bytea,
        id -> Uuid,
        staff_id -> Uuid,
        created_at -> Timestamptz,
        seen_at -> Nullable<Timestamptz>,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    api_key (id) {
        id -> Uuid,
        staff_id -> Uuid,
        key_hash -> Bytea,
        created_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    idempotency (staff_id, key) {
        staff_id -> Uuid,
        key -> Text,
        request_hash -> Bytea,
        status -> Nullable<Int4>,
        answer -> Nullable<Bytea>,
        created_at -> Timestamptz,
        claim -> Nullable<Uuid>,
        claimed_until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    audit_event (id) {
        id -> Uuid,
        seq -> Nullable<Int8>,
        at -> Timestamptz,
        written_at -> Nullable<Timestamptz>,
        actor -> Text,
        action -> Text,
        subject -> Text,
        detail -> Text,
        prev_hash -> Nullable<Bytea>,
        hash -> Nullable<Bytea>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    audit_head (only_row) {
        only_row -> Bool,
        seq -> Int8,
        hash -> Bytea,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    emergency_stop (only_row) {
        only_row -> Bool,
        stopped_at -> Nullable<Timestamptz>,
        stopped_by -> Nullable<Text>,
        allowed_at -> Nullable<Timestamptz>,
        unrecorded -> Jsonb,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    deployment (only_row) {
        only_row -> Bool,
        id -> Uuid,
        generation -> Int4,
        epoch -> Int8,
        grown_at -> Timestamptz,
        written_by -> Int8,
        system_identifier -> Nullable<Int8>,
        timeline -> Nullable<Int4>,
        database_oid -> Int8,
        doubt -> Nullable<Array<Text>>,
        doubt_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    restored_gap (decided_at) {
        decided_at -> Timestamptz,
        copied_at -> Timestamptz,
        held_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    key_fingerprint (name) {
        name -> Text,
        fingerprint -> Bytea,
        recorded_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    incident (id) {
        id -> Uuid,
        slug -> Text,
        title -> Text,
        state -> sql_types::IncidentState,
        facts -> Jsonb,
        published_title -> Nullable<Text>,
        published_facts -> Nullable<Jsonb>,
        published_at -> Nullable<Timestamptz>,
        published_by -> Nullable<Uuid>,
        minors -> sql_types::MinorsRule,
        wrapped_key -> Nullable<Bytea>,
        active_scope -> Nullable<Int4>,
        version -> Int4,
        created_by -> Uuid,
        created_at -> Timestamptz,
        forgotten_at -> Nullable<Timestamptz>,
        published_claims -> Nullable<Jsonb>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    claim_version (incident_id, key, incident_version) {
        incident_id -> Uuid,
        key -> Text,
        incident_version -> Int4,
        state -> sql_types::UpdateKind,
        texts -> Jsonb,
        written_by -> Nullable<Uuid>,
        written_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    incident_update (id) {
        id -> Uuid,
        incident_id -> Uuid,
        kind -> sql_types::UpdateKind,
        body -> Text,
        published_at -> Timestamptz,
        published_by -> Uuid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    scope_version (incident_id, version) {
        incident_id -> Uuid,
        version -> Int4,
        mode -> sql_types::ScopeMode,
        status -> sql_types::ScopeStatus,
        file_hash -> Nullable<Bytea>,
        accepted -> Int8,
        rejected -> Int8,
        delta -> Nullable<Jsonb>,
        created_by -> Uuid,
        created_at -> Timestamptz,
        activated_by -> Nullable<Uuid>,
        activated_at -> Nullable<Timestamptz>,
        activating_by -> Nullable<Uuid>,
        added -> Nullable<Array<Int8>>,
        retracted -> Nullable<Array<Int8>>,
        octets_read -> Int8,
        lines -> Nullable<Int8>,
        header_lines -> Nullable<Int8>,
        blank_lines -> Nullable<Int8>,
        continued_lines -> Nullable<Int8>,
        ends_open -> Nullable<Bool>,
        reject_groups -> Nullable<Jsonb>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    sender (id) {
        id -> Uuid,
        node -> Text,
        began_at -> Timestamptz,
        seen_at -> Timestamptz,
        relays -> Jsonb,
        campaigns -> Array<Uuid>,
        sending -> Jsonb,
        outbox -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    upload (id) {
        id -> Uuid,
        incident_id -> Uuid,
        created_by -> Uuid,
        size -> Int8,
        received -> Int8,
        created_at -> Timestamptz,
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    upload_piece (upload_id, start) {
        upload_id -> Uuid,
        start -> Int8,
        sealed -> Bytea,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    scope_applied (incident_id, version, bucket) {
        incident_id -> Uuid,
        version -> Int4,
        bucket -> Int4,
        added -> Int8,
        retracted -> Int8,
        told_too_much -> Int8,
        at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    scope_reject (incident_id, version, file, line) {
        incident_id -> Uuid,
        version -> Int4,
        file -> Int2,
        line -> Int8,
        reasons -> Jsonb,
        sealed -> Bytea,
        bucket -> Nullable<Int4>,
        reference_key -> Nullable<Bytea>,
        row_key -> Nullable<Bytea>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    scope_row (incident_id, version, bucket, reference_key, line) {
        incident_id -> Uuid,
        version -> Int4,
        bucket -> Int4,
        reference_key -> Bytea,
        line -> Int8,
        id -> Uuid,
        email_key -> Nullable<Bytea>,
        name_key -> Nullable<Bytea>,
        contact_key -> Bytea,
        sealed -> Bytea,
        exposed -> Int8,
        locale -> Text,
        jurisdiction -> Text,
        flags -> Int4,
        lacks -> Int2,
        another -> Bool,
        marks -> Int2,
        other -> Bool,
        former_key -> Nullable<Bytea>,
        former_sealed -> Nullable<Bytea>,
        own_email_key -> Nullable<Bytea>,
        own_name_key -> Nullable<Bytea>,
        own_contact_key -> Nullable<Bytea>,
        own_sealed -> Nullable<Bytea>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    person (bucket, id) {
        bucket -> Int4,
        id -> Uuid,
        incident_id -> Uuid,
        reference_key -> Bytea,
        email_key -> Nullable<Bytea>,
        name_key -> Nullable<Bytea>,
        contact_key -> Bytea,
        sealed -> Bytea,
        exposed -> Int8,
        named -> Int8,
        locale -> Text,
        jurisdiction -> Text,
        flags -> Int4,
        standing -> sql_types::PersonStanding,
        withheld -> Nullable<sql_types::WithheldReason>,
        link_epoch -> Int2,
        since_scope -> Int4,
        changed_scope -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    person_since (bucket, person_id) {
        bucket -> Int4,
        person_id -> Uuid,
        named -> Int8,
        standing -> sql_types::PersonStanding,
        exposed -> Nullable<Int8>,
        changed_scope -> Nullable<Int4>,
        told -> Nullable<sql_types::ToldBy>,
        refused_key -> Nullable<Bytea>,
        refused_softly -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    person_origin (bucket, person_id) {
        bucket -> Int4,
        person_id -> Uuid,
        incident_id -> Uuid,
        sealed -> Bytea,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    person_former (bucket, person_id) {
        bucket -> Int4,
        person_id -> Uuid,
        incident_id -> Uuid,
        next_id -> Uuid,
        until_scope -> Int4,
    }
}

// A view: `person` with what `person_since` says of them.
diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    person_now (bucket, id) {
        bucket -> Int4,
        id -> Uuid,
        incident_id -> Uuid,
        reference_key -> Bytea,
        email_key -> Nullable<Bytea>,
        name_key -> Nullable<Bytea>,
        contact_key -> Bytea,
        sealed -> Bytea,
        exposed -> Int8,
        named -> Int8,
        locale -> Text,
        jurisdiction -> Text,
        flags -> Int4,
        standing -> sql_types::PersonStanding,
        withheld -> Nullable<sql_types::WithheldReason>,
        link_epoch -> Int2,
        since_scope -> Int4,
        changed_scope -> Int4,
        told -> Nullable<sql_types::ToldBy>,
        reachable -> Bool,
        has_address -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    account_count (incident_id, bucket, standing, incomplete, correction, minor) {
        incident_id -> Uuid,
        bucket -> Int4,
        standing -> sql_types::PersonStanding,
        incomplete -> Bool,
        correction -> sql_types::CorrectionDue,
        minor -> Bool,
        n -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    account_part (incident_id, kind, bucket, value, standing, incomplete) {
        incident_id -> Uuid,
        bucket -> Int4,
        kind -> sql_types::AccountKind,
        value -> Text,
        standing -> sql_types::PersonStanding,
        incomplete -> Bool,
        n -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    reference_list (incident_id, digest) {
        incident_id -> Uuid,
        digest -> Bytea,
        entries -> Int4,
        created_by -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    reference_list_entry (incident_id, digest, bucket, reference_key) {
        bucket -> Int4,
        incident_id -> Uuid,
        digest -> Bytea,
        reference_key -> Bytea,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    person_past (bucket, person_id, until_scope) {
        bucket -> Int4,
        person_id -> Uuid,
        until_scope -> Int4,
        incident_id -> Uuid,
        exposed -> Int8,
        locale -> Text,
        jurisdiction -> Text,
        flags -> Int4,
        standing -> sql_types::PersonStanding,
        contact_changed -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    template (id) {
        id -> Uuid,
        name -> Text,
        created_by -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    template_version (template_id, version) {
        template_id -> Uuid,
        version -> Int4,
        created_by -> Uuid,
        created_at -> Timestamptz,
        names -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    template_variant (template_id, version, locale) {
        template_id -> Uuid,
        version -> Int4,
        locale -> Text,
        subject -> Text,
        body -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    campaign (id) {
        id -> Uuid,
        incident_id -> Uuid,
        template_id -> Uuid,
        template_version -> Int4,
        kind -> sql_types::CampaignKind,
        audience -> Jsonb,
        limits -> Jsonb,
        on_uncertain -> sql_types::UncertainPolicy,
        content -> Nullable<Text>,
        acknowledged -> Jsonb,
        status -> sql_types::CampaignStatus,
        status_reason -> Nullable<Text>,
        reason_sealed -> Nullable<Bytea>,
        version -> Int4,
        created_by -> Uuid,
        created_at -> Timestamptz,
        submitted_by -> Nullable<Uuid>,
        approved_by -> Nullable<Uuid>,
        approved_at -> Nullable<Timestamptz>,
        approved_hash -> Nullable<Bytea>,
        launched_by -> Nullable<Uuid>,
        launched_at -> Nullable<Timestamptz>,
        ended_at -> Nullable<Timestamptz>,
        name -> Nullable<Text>,
        copied_from -> Nullable<Uuid>,
        scheduled_for -> Nullable<Timestamptz>,
        scheduled_zone -> Nullable<Text>,
        scheduled_by -> Nullable<Uuid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    campaign_approval (campaign_id, content_hash) {
        campaign_id -> Uuid,
        content_hash -> Bytea,
        content -> Text,
        approved_by -> Uuid,
        approved_at -> Timestamptz,
        void_told_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    campaign_count (campaign_id, status) {
        campaign_id -> Uuid,
        status -> sql_types::NoticeStatus,
        n -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    campaign_pace (campaign_id) {
        campaign_id -> Uuid,
        canary -> sql_types::CanaryState,
        canary_left -> Int4,
        passed_at -> Nullable<Timestamptz>,
        percent -> Int2,
        reason -> Nullable<Text>,
        resumed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use super::sql_types;
    use diesel::sql_types::*;

    campaign_tally (campaign_id, minute, relay, provider, result, code, enhanced, reason) {
        campaign_id -> Uuid,
        minute -> Timestamptz,
        relay -> Text,
        provider -> Text,
        result -> sql_types::AttemptResult,
        code -> Int2,
        enhanced -> Text,
        reason -> Text,
        n -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    campaign_freeze (campaign_id, bucket) {
        campaign_id -> Uuid,
        bucket -> Int4,
        after -> Uuid,
        next_batch -> Int4,
        done -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    batch (campaign_id, bucket, batch_no) {
        campaign_id -> Uuid,
        bucket -> Int4,
        batch_no -> Int4,
        size -> Int4,
        first_id -> Uuid,
        last_id -> Uuid,
        status -> sql_types::BatchStatus,
        due_at -> Timestamptz,
        fence -> Int4,
        leased_by -> Nullable<Text>,
        lease_until -> Nullable<Timestamptz>,
        canary -> Bool,
        ends -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    notice (bucket, id) {
        bucket -> Int4,
        id -> Uuid,
        campaign_id -> Uuid,
        incident_id -> Uuid,
        person_id -> Uuid,
        batch_no -> Int4,
        status -> sql_types::NoticeStatus,
        withheld -> Nullable<sql_types::WithheldReason>,
        named -> Int8,
        code_key -> Int8,
        attempts -> Int2,
        due_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        settled_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    outcome (bucket, notice_id, attempt, settled) {
        bucket -> Int4,
        notice_id -> Uuid,
        attempt -> Int2,
        settled -> Bool,
        campaign_id -> Uuid,
        result -> sql_types::AttemptResult,
        relay -> Text,
        code -> Nullable<Int2>,
        enhanced -> Nullable<Text>,
        reply -> Nullable<Text>,
        reason -> Nullable<Text>,
        retry_at -> Nullable<Timestamptz>,
        at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    ticket_transition (from_status, to_status) {
        from_status -> sql_types::TicketStatus,
        to_status -> sql_types::TicketStatus,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    ticket (id) {
        id -> Uuid,
        number -> Text,
        incident_id -> Uuid,
        person_id -> Nullable<Uuid>,
        status -> sql_types::TicketStatus,
        version -> Int4,
        channel -> sql_types::TicketChannel,
        locale -> Text,
        subject -> Bytea,
        urgency -> Int4,
        urgency_why -> Text,
        assignee -> Nullable<Uuid>,
        lease_until -> Nullable<Timestamptz>,
        queued_at -> Timestamptz,
        messages -> Int4,
        customer_message -> Int4,
        review_at -> Nullable<Timestamptz>,
        resolution -> Nullable<sql_types::TicketResolution>,
        solved_at -> Nullable<Timestamptz>,
        closed_at -> Nullable<Timestamptz>,
        follow_up_of -> Nullable<Uuid>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        harm -> Int4,
        waits_since -> Timestamptz,
        reason_sealed -> Nullable<Bytea>,
        caller_verified -> Nullable<Bool>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    ticket_history (id) {
        id -> Int8,
        ticket_id -> Uuid,
        from_status -> Nullable<sql_types::TicketStatus>,
        to_status -> sql_types::TicketStatus,
        actor -> Text,
        reason_sealed -> Nullable<Bytea>,
        at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    ticket_message (ticket_id, no) {
        ticket_id -> Uuid,
        no -> Int4,
        kind -> sql_types::MessageKind,
        author -> Text,
        sealed -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    outbox (id) {
        id -> Uuid,
        kind -> sql_types::LetterKind,
        incident_id -> Uuid,
        person_id -> Nullable<Uuid>,
        link_epoch -> Nullable<Int2>,
        ticket_id -> Nullable<Uuid>,
        message_no -> Nullable<Int4>,
        sealed -> Nullable<Bytea>,
        status -> sql_types::LetterStatus,
        withheld -> Nullable<sql_types::LetterWithheld>,
        attempts -> Int4,
        due_at -> Timestamptz,
        fence -> Int4,
        lease_until -> Nullable<Timestamptz>,
        reply -> Nullable<Text>,
        created_at -> Timestamptz,
        settled_at -> Nullable<Timestamptz>,
        lost -> Int4,
        doubts -> Int4,
        refusals -> Int4,
        refused_at -> Nullable<Timestamptz>,
        first_tried_at -> Nullable<Timestamptz>,
        reason -> Nullable<Text>,
        staff_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    one_time_code (bucket, person_id) {
        bucket -> Int4,
        person_id -> Uuid,
        code_hash -> Bytea,
        sent_to -> Nullable<Bytea>,
        letter_id -> Nullable<Uuid>,
        tries -> Int2,
        expires_at -> Timestamptz,
        counted_from -> Timestamptz,
        counted -> Int2,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    postal_batch (id) {
        id -> Uuid,
        incident_id -> Uuid,
        kind -> sql_types::PostalKind,
        state -> sql_types::PostalState,
        taken_by -> Uuid,
        taken_at -> Timestamptz,
        people -> Int8,
        without_address -> Int8,
        posted_on -> Nullable<Date>,
        posted_by -> Nullable<Uuid>,
        posted_at -> Nullable<Timestamptz>,
        how -> Nullable<Bytea>,
        returned -> Int8,
        not_posted -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    postal_item (bucket, batch_id, person_id) {
        bucket -> Int4,
        batch_id -> Uuid,
        person_id -> Uuid,
        named -> Int8,
        code_key -> Nullable<Int8>,
        address_key -> Nullable<Bytea>,
        replaces -> Bool,
        to_guardian -> Bool,
        status -> sql_types::PostalStatus,
        posted_at -> Nullable<Timestamptz>,
        told_before -> Nullable<sql_types::ToldBy>,
        named_before -> Int8,
        closed_at -> Nullable<Timestamptz>,
        reason -> Nullable<Bytea>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    postal_try (bucket, person_id) {
        bucket -> Int4,
        person_id -> Uuid,
        counted_from -> Timestamptz,
        counted -> Int2,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types;

    recall (id) {
        id -> Uuid,
        incident_id -> Uuid,
        template_id -> Nullable<Uuid>,
        template_version -> Nullable<Int4>,
        words -> Nullable<Text>,
        corrections -> Jsonb,
        status -> sql_types::RecallStatus,
        version -> Int4,
        proposed_by -> Uuid,
        proposed_at -> Timestamptz,
        published_by -> Nullable<Uuid>,
        published_at -> Nullable<Timestamptz>,
        ended_by -> Nullable<Uuid>,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    recall_text (recall_id, campaign_id) {
        recall_id -> Uuid,
        campaign_id -> Uuid,
        locales -> Array<Text>,
        whole -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    wrong_code (network) {
        network -> Bytea,
        full_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    campaign_finding (campaign_id, content_hash, finding) {
        campaign_id -> Uuid,
        content_hash -> Bytea,
        finding -> Text,
        blocking -> Bool,
        detail -> Jsonb,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    campaign_waiver (id) {
        id -> Uuid,
        campaign_id -> Uuid,
        content_hash -> Bytea,
        finding -> Text,
        reason_sealed -> Bytea,
        waived_by -> Uuid,
        waived_at -> Timestamptz,
        withdrawn_by -> Nullable<Uuid>,
        withdrawn_at -> Nullable<Timestamptz>,
        approved -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    campaign_test (letter_id) {
        letter_id -> Uuid,
        campaign_id -> Uuid,
        staff_id -> Uuid,
        locale -> Text,
        sent_by -> Uuid,
        created_at -> Timestamptz,
    }
}

// The tables that diesel joins, or that one names in a subquery. The compiler compares all impls of a table with each
// other, and the macro makes one for each other table: all tables together cost a fifth of the build.
diesel::allow_tables_to_appear_in_same_query!(
    batch,
    campaign,
    campaign_count,
    campaign_freeze,
    campaign_pace,
    campaign_test,
    deployment,
    emergency_stop,
    incident,
    notice,
    outbox,
    ticket,
    ticket_message,
);
diesel::allow_tables_to_appear_in_same_query!(
    staff,
    api_key,
    staff_session,
    postal_batch,
    postal_item
);
diesel::allow_tables_to_appear_in_same_query!(template, template_variant, template_version);
diesel::allow_tables_to_appear_in_same_query!(
    person_now,
    scope_applied,
    scope_reject,
    scope_version
);
