"""An Airflow DAG that exports the payments of the last 30 days every night, because figures are restated.

Copy it into the DAGs folder. payout-worker must be installed on Airflow's workers, with KAFKA_BOOTSTRAP_SERVERS in their
environment. The task ends when the batch is complete and fails when a job of it does not complete; tasks that load the files
follow it, or a consumer of the results topic loads them, as ../postgresql/load.py does.
"""

import datetime

from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG(
    dag_id="payout_exports",
    schedule="15 3 * * *",
    start_date=datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc),
    # --last counts from the present day, so a missed night is not made up for.
    catchup=False,
    max_active_runs=1,
):
    BashOperator(
        task_id="export_payments",
        # The same batch id at every retry: the workers recognise the jobs, and the command waits again.
        bash_command=(
            "payout-worker enqueue --kind payments --last 30d --split week"
            " --batch 'payments-{{ data_interval_end | ds }}' --wait"
        ),
        retries=3,
        retry_delay=datetime.timedelta(minutes=10),
        # The service takes up to 24 hours.
        execution_timeout=datetime.timedelta(hours=27),
        # Without it the command would have none of the worker's variables.
        append_env=True,
    )
