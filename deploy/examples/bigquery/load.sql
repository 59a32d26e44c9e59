-- Loads one file of a completion event into BigQuery, once. Not run by this project's checks, which have no BigQuery.
--
-- Your consumer of the results topic runs it as one query for each `payout.export.completed` event, with the event's values as
-- query parameters: @ce_id STRING, @submitted TIMESTAMP (times.submitted), @uri STRING (the file), @delimiter STRING, @total_rows
-- INT64 and @columns ARRAY<STRING> (content.delimiter, content.rows, content.columns). BigQuery reads gs:// locations: copy the
-- file from FILES_LOCATION, or let Storage Transfer do so. Refuse a file whose content is null or whose content.encoding is not
-- utf-8, and skip an empty one (content.headerSha256 is null).
--
-- The table payouts.payments is yours: a column `ce_id STRING`, and one for each column of the file with the type that you want.
-- Names are compared without regard to case and underscores (paymentId is payment_id), and places do not matter.

DECLARE known ARRAY<STRUCT<name STRING, type STRING, key STRING>>;
DECLARE header ARRAY<STRING>;
DECLARE names, texts, casts STRING;

CREATE TABLE IF NOT EXISTS payouts.payout_loads (ce_id STRING NOT NULL, submitted TIMESTAMP, row_count INT64);
CREATE TABLE IF NOT EXISTS payouts.payout_lock AS SELECT 0 AS loads;

SET known = (
    SELECT ARRAY_AGG(STRUCT(column_name AS name, data_type AS type, LOWER(REGEXP_REPLACE(column_name, '[^A-Za-z0-9]', '')) AS key))
    FROM payouts.INFORMATION_SCHEMA.COLUMNS WHERE table_name = 'payments' AND column_name != 'ce_id');
SET header = ARRAY(
    SELECT LOWER(REGEXP_REPLACE(name, '[^A-Za-z0-9]', '')) FROM UNNEST(@columns) AS name WITH OFFSET AS place ORDER BY place);
-- Unknown, missing and repeated columns.
IF TO_JSON_STRING(ARRAY(SELECT key FROM UNNEST(header) AS key ORDER BY key))
    != TO_JSON_STRING(ARRAY(SELECT k.key FROM UNNEST(known) AS k ORDER BY k.key)) THEN
    RAISE USING MESSAGE = FORMAT('the header is not that of the table: %T', @columns);
END IF;
-- Only names of the table, which are matched above, become part of a statement.
SET (names, texts, casts) = (
    SELECT AS STRUCT STRING_AGG(FORMAT('`%s`', k.name), ', ' ORDER BY place),
        STRING_AGG(FORMAT('`%s` STRING', k.name), ', ' ORDER BY place),
        STRING_AGG(FORMAT('CAST(`%s` AS %s)', k.name, k.type), ', ' ORDER BY place)
    FROM UNNEST(header) AS found WITH OFFSET AS place JOIN UNNEST(known) AS k ON k.key = found);

-- LOAD DATA is not part of a transaction, so the file goes into a temporary table, which only this query sees. All its columns
-- are text: values are cast below, where an error stops the load as a whole. %T writes a value as a literal.
EXECUTE IMMEDIATE FORMAT("""
    LOAD DATA INTO TEMP TABLE file_rows (%s)
    FROM FILES (format = 'CSV', uris = [%T], field_delimiter = %T, skip_leading_rows = 1, allow_quoted_newlines = true,
        null_marker = '', allow_jagged_rows = false, max_bad_records = 0)
    """, texts, @uri, @delimiter);

BEGIN
    BEGIN TRANSACTION;
    -- Transactions that only insert do not conflict; those that update a row do. One of two loaders is aborted here, and finds
    -- the id when it is repeated.
    UPDATE payouts.payout_lock SET loads = loads + 1 WHERE TRUE;
    IF NOT EXISTS (SELECT 1 FROM payouts.payout_loads WHERE ce_id = @ce_id) THEN
        IF (SELECT COUNT(*) FROM file_rows) != @total_rows THEN
            RAISE USING MESSAGE = 'the number of loaded rows is not that of the event';
        END IF;
        EXECUTE IMMEDIATE FORMAT('INSERT INTO payouts.payments (ce_id, %s) SELECT @ce_id, %s FROM file_rows', names, casts)
            USING @ce_id AS ce_id;
        INSERT INTO payouts.payout_loads (ce_id, submitted, row_count) VALUES (@ce_id, @submitted, @total_rows);
    END IF;
    COMMIT TRANSACTION;
EXCEPTION WHEN ERROR THEN
    ROLLBACK TRANSACTION;
    RAISE;
END;
