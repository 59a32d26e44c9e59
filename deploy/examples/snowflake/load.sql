-- Loads the file of a completion event into Snowflake, once. Not run by this project's checks, which have no Snowflake.
--
-- Run the file once; it creates a procedure. Your consumer of the results topic calls it for each `payout.export.completed`
-- event, with the event's values as bound parameters (session variables are too short for them):
--   CALL load_payments(?, ?, ?, ?, PARSE_JSON(?))
-- They are the ce_id, the file's path below FILES_LOCATION, content.rows, times.submitted and content.columns, the latter as JSON.
-- Refuse a file whose content is null or whose content.encoding is not utf-8, and skip an empty one (content.headerSha256 is
-- null).
--
-- The external stage `payout_exports` points to the bucket or container of FILES_LOCATION. The table `payments` is yours: a column
-- ce_id STRING, and one for each column of the file, spelled as in its header without regard to case: PAYMENTID or paymentId, not
-- payment_id. Columns are matched by name, and places do not matter.

CREATE TABLE IF NOT EXISTS payout_loads (ce_id STRING PRIMARY KEY, submitted TIMESTAMP_TZ, row_count INTEGER);
CREATE FILE FORMAT IF NOT EXISTS payout_csv
    TYPE = CSV FIELD_DELIMITER = ',' FIELD_OPTIONALLY_ENCLOSED_BY = '"' PARSE_HEADER = TRUE SKIP_BYTE_ORDER_MARK = TRUE
    EMPTY_FIELD_AS_NULL = TRUE SKIP_BLANK_LINES = TRUE;
-- Where `content.delimiter` is a tab: a second format with FIELD_DELIMITER = '\t'.

CREATE OR REPLACE PROCEDURE load_payments(event STRING, path STRING, total INTEGER, submitted TIMESTAMP_TZ, header ARRAY)
RETURNS STRING LANGUAGE SQL EXECUTE AS CALLER AS
$$
DECLARE
    known STRING;
    found STRING;
    added INTEGER;
    loaded INTEGER;
    wrong_header EXCEPTION (-20001, 'the header is not that of the table');
    wrong_count EXCEPTION (-20002, 'the number of loaded rows is not that of the event');
BEGIN
    -- Unknown, missing and repeated columns: COPY would skip the first, and leave the second empty.
    SELECT LISTAGG(UPPER(column_name), ',') WITHIN GROUP (ORDER BY UPPER(column_name)) INTO :known
        FROM information_schema.columns
        WHERE table_schema = CURRENT_SCHEMA() AND table_name = 'PAYMENTS' AND column_name <> 'CE_ID';
    SELECT LISTAGG(UPPER(value::STRING), ',') WITHIN GROUP (ORDER BY UPPER(value::STRING)) INTO :found
        FROM TABLE(FLATTEN(INPUT => :header));
    IF (found <> known) THEN
        RAISE wrong_header;
    END IF;

    -- A table of this session, with the columns of the target in the same order. COPY takes no variables, so the path is quoted.
    -- FILES is this file alone, and FORCE loads it even if Snowflake remembers it.
    CREATE OR REPLACE TEMPORARY TABLE payments_file LIKE payments;
    EXECUTE IMMEDIATE 'COPY INTO payments_file FROM @payout_exports FILES = (''' ||
        REPLACE(REPLACE(path, '\\', '\\\\'), '''', '''''') || ''')' ||
        ' FILE_FORMAT = (FORMAT_NAME = payout_csv) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE' ||
        ' ON_ERROR = ABORT_STATEMENT FORCE = TRUE';
    UPDATE payments_file SET ce_id = :event;
    SELECT COUNT(*) INTO :loaded FROM payments_file;
    IF (loaded <> total) THEN
        RAISE wrong_count;
    END IF;

    BEGIN TRANSACTION;
    -- Snowflake does not enforce primary keys: MERGE inserts only an id that is not there, and locks the table.
    MERGE INTO payout_loads t USING (SELECT :event AS ce_id) s ON t.ce_id = s.ce_id
        WHEN NOT MATCHED THEN INSERT (ce_id, submitted, row_count) VALUES (s.ce_id, :submitted, :total);
    added := SQLROWCOUNT;
    IF (added > 0) THEN
        INSERT INTO payments SELECT * FROM payments_file;
    END IF;
    COMMIT;
    RETURN IFF(added > 0, 'is loaded', 'is loaded already');
EXCEPTION
    WHEN OTHER THEN
        ROLLBACK;
        RAISE;
END;
$$;
