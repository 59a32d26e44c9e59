-- Loads one file of a completion event into BigQuery, once. Not run by this project's checks, which have no BigQuery.
--
-- Your consumer of the results topic runs it for each `payout.export.completed` event, with the event's values as query
-- parameters (@ce_id, @uri, @total_rows, @finished). BigQuery reads gs:// locations: copy the file from FILES_LOCATION, or let
-- Storage Transfer do so.
--
-- LOAD DATA is not part of a multi-statement transaction, so the file goes into a temporary table first. Columns are matched by
-- their names through the external header; compare `content.columns` of the event with the table's columns before, as
-- ../postgresql/load.py does.

CREATE TABLE IF NOT EXISTS payouts.payout_loads (ce_id STRING NOT NULL, finished TIMESTAMP, row_count INT64);

-- All columns as text: values are cast below, where an error stops the load as a whole.
EXECUTE IMMEDIATE FORMAT("""
    LOAD DATA OVERWRITE payouts.payments_staging (payment_id STRING, participant_id STRING, participant_id_type STRING,
        participant_name STRING, program_name STRING, payout_order_type STRING, earned STRING, earned_usd STRING,
        withheld_tax STRING, sales_tax STRING, service_fee_tax STRING, total_payment STRING, currency_code STRING,
        payment_method STRING, payment_status STRING, payout_status_update_ts STRING, payment_date STRING,
        ci_reference_number STRING, description STRING)
    FROM FILES (format = 'CSV', uris = ['%s'], skip_leading_rows = 1, allow_quoted_newlines = true, field_delimiter = ',',
        null_marker = '', allow_jagged_rows = false, max_bad_records = 0)
    """, @uri);

BEGIN
    BEGIN TRANSACTION;
    IF NOT EXISTS (SELECT 1 FROM payouts.payout_loads WHERE ce_id = @ce_id) THEN
        IF (SELECT COUNT(*) FROM payouts.payments_staging) != @total_rows THEN
            RAISE USING MESSAGE = 'the number of loaded rows is not that of the event';
        END IF;
        INSERT INTO payouts.payments
        SELECT @ce_id, payment_id, participant_id, participant_id_type, participant_name, program_name, payout_order_type,
            CAST(earned AS NUMERIC), CAST(earned_usd AS NUMERIC), CAST(withheld_tax AS NUMERIC), CAST(sales_tax AS NUMERIC),
            CAST(service_fee_tax AS NUMERIC), CAST(total_payment AS NUMERIC), currency_code, payment_method, payment_status,
            CAST(payout_status_update_ts AS TIMESTAMP), CAST(payment_date AS TIMESTAMP), ci_reference_number, description
        FROM payouts.payments_staging;
        -- Two loaders of one event conflict here: one of them is aborted and finds the id when it is repeated.
        INSERT INTO payouts.payout_loads VALUES (@ce_id, @finished, @total_rows);
    END IF;
    COMMIT TRANSACTION;
EXCEPTION WHEN ERROR THEN
    ROLLBACK TRANSACTION;
    RAISE;
END;
