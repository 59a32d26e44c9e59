"""An Airflow DAG that exports the payments of the last 30 days every night, because figures are restated.

Copy it into the DAGs folder. payout-worker must be installed on Airflow's workers, with the KAFKA_… variables of the export
workers in their environment; a password is in the file that KAFKA_CLIENT_SASL_PASSWORD_FILE names. The task ends when the
batch is complete and fails when a job of it does not complete; tasks that load the files follow it, or a consumer of the
results topic loads them, as ../postgresql/load.py does.
"""

import datetime

from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG(
    dag_id="payout_exports",
    schedule="15 3 * * *",
    start_date=datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc),
    # The newest period contains all but the first day of the one before, so a missed night is not made up for.
    catchup=False,
    max_active_runs=1,
):
    BashOperator(
        task_id="export_payments",
        # Period and batch follow from the run's own date, so a retry enqueues the same jobs also after midnight: the workers
        # recognise them, and the command waits again. Every night has a batch of its own, whose id is part of the jobs' ids.
        bash_command=(
            "payout-worker enqueue --kind payments --from {{ macros.ds_add(data_interval_end | ds, -30) }}"
            " --to {{ data_interval_end | ds }} --split week --batch payments-{{ data_interval_end | ds }} --wait"
        ),
        retries=3,
        retry_delay=datetime.timedelta(minutes=10),
        # The service takes up to 24 hours.
        execution_timeout=datetime.timedelta(hours=27),
    )
