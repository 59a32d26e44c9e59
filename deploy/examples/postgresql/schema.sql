-- Tables for load.py. A column of a file goes into the column of the same name, without regard to case and underscores.
BEGIN;

-- One row for each completion event. Its primary key makes a repeated event harmless.
CREATE TABLE payout_loads (
    ce_id text PRIMARY KEY,
    job_id text NOT NULL,
    kind text NOT NULL,
    account text NOT NULL,
    -- When the service received the request: the time of the file's figures.
    submitted timestamptz NOT NULL,
    finished timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('loading', 'loaded', 'refused')),
    rows bigint NOT NULL DEFAULT 0,
    -- Why nothing was loaded, where the status is 'refused'.
    reason text,
    -- The event without the service's own URLs, so that a refused load can be repeated: load.py --retry. Not jsonb, which does
    -- not accept the character U+0000 in a text.
    event json NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE payments (
    ce_id text NOT NULL REFERENCES payout_loads,
    payment_id text,
    participant_id text,
    participant_id_type text,
    participant_name text,
    program_name text,
    payout_order_type text,
    earned numeric,
    earned_usd numeric,
    withheld_tax numeric,
    sales_tax numeric,
    service_fee_tax numeric,
    total_payment numeric,
    currency_code text,
    payment_method text,
    payment_status text,
    payout_status_update_ts timestamptz,
    payment_date timestamptz,
    ci_reference_number text,
    description text
);

CREATE TABLE transaction_history (
    ce_id text NOT NULL REFERENCES payout_loads,
    earning_id text,
    participant_id text,
    participant_id_type text,
    participant_name text,
    partner_country_code text,
    program_name text,
    transaction_id text,
    transaction_currency text,
    transaction_date timestamptz,
    transaction_amount numeric,
    transaction_amount_usd numeric,
    lever text,
    engagement_name text,
    earning_rate numeric,
    quantity numeric,
    earning_type text,
    earning_amount numeric,
    earning_amount_usd numeric,
    earning_date timestamptz,
    payable_sub_type text,
    payout_status text,
    payment_id text,
    customer_id text,
    customer_name text,
    customer_country text,
    product_name text,
    subscription_id text,
    invoice_number text,
    transaction_type text,
    description text
);

CREATE INDEX payments_by_id ON payments (payment_id);
CREATE INDEX transaction_history_by_id ON transaction_history (earning_id);

-- Figures are restated, and periods are exported again. These views have the lines of each payment and each earning from the
-- export that was submitted last, even if an older one finished later; a file may have several lines of one.
CREATE VIEW payments_current AS
SELECT p.* FROM payments p JOIN payout_loads l USING (ce_id)
WHERE NOT EXISTS (
    SELECT FROM payments newer JOIN payout_loads m USING (ce_id)
    WHERE newer.payment_id = p.payment_id AND m.account = l.account AND (m.submitted, m.finished, m.ce_id) > (l.submitted, l.finished, l.ce_id)
);

CREATE VIEW transaction_history_current AS
SELECT t.* FROM transaction_history t JOIN payout_loads l USING (ce_id)
WHERE NOT EXISTS (
    SELECT FROM transaction_history newer JOIN payout_loads m USING (ce_id)
    WHERE newer.earning_id = t.earning_id AND m.account = l.account AND (m.submitted, m.finished, m.ce_id) > (l.submitted, l.finished, l.ce_id)
);

COMMIT;
