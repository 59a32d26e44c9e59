-- Loads one file of a completion event into Snowflake, once. Not run by this project's checks, which have no Snowflake.
--
-- Your consumer of the results topic runs it for each `payout.export.completed` event, with the event's values as session
-- variables. The external stage `payout_exports` points to the bucket or container of FILES_LOCATION:
--   SET (ce_id, path, total_rows, finished) = ('…/completed', 'default/payments/2026/11/22/…/….csv', 412, '2026-11-22T01:01:01.250Z');
--
-- PARSE_HEADER and MATCH_BY_COLUMN_NAME load by names: added or reordered columns do not shift values. ERROR_ON_COLUMN_COUNT_MISMATCH
-- does not apply then, so compare `content.columns` of the event with the table's columns before, as ../postgresql/load.py does.

CREATE TABLE IF NOT EXISTS payout_loads (ce_id string PRIMARY KEY, finished timestamp_tz, row_count number);
CREATE FILE FORMAT IF NOT EXISTS payout_csv
    TYPE = CSV FIELD_DELIMITER = ',' FIELD_OPTIONALLY_ENCLOSED_BY = '"' PARSE_HEADER = TRUE SKIP_BYTE_ORDER_MARK = TRUE
    EMPTY_FIELD_AS_NULL = TRUE SKIP_BLANK_LINES = TRUE;
-- Where `content.delimiter` is a tab: a second format with FIELD_DELIMITER = '\t'.

EXECUTE IMMEDIATE $$
DECLARE
    known INTEGER;
    loaded INTEGER;
    wrong_count EXCEPTION (-20001, 'the number of loaded rows is not that of the event');
BEGIN
    BEGIN TRANSACTION;
    -- Snowflake does not enforce primary keys: MERGE inserts only an id that is not there.
    MERGE INTO payout_loads t USING (SELECT $ce_id AS ce_id) s ON t.ce_id = s.ce_id
        WHEN NOT MATCHED THEN INSERT (ce_id, finished, row_count) VALUES (s.ce_id, $finished::timestamp_tz, $total_rows);
    known := SQLROWCOUNT;
    IF (known = 0) THEN
        ROLLBACK;
        RETURN 'is loaded already';
    END IF;
    -- FORCE: Snowflake's own memory of loaded files ends after 64 days; the ids above do not.
    EXECUTE IMMEDIATE 'COPY INTO payments FROM @payout_exports/' || $path ||
        ' FILE_FORMAT = (FORMAT_NAME = payout_csv) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE' ||
        ' INCLUDE_METADATA = (ce_file = METADATA$FILENAME) ON_ERROR = ABORT_STATEMENT FORCE = TRUE';
    SELECT "rows_loaded" INTO :loaded FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()));
    IF (loaded <> $total_rows) THEN
        RAISE wrong_count;
    END IF;
    COMMIT;
    RETURN 'is loaded';
EXCEPTION
    WHEN OTHER THEN
        ROLLBACK;
        RAISE;
END;
$$;
