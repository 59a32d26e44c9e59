"""An S3 implementation for tests: moto in server mode, with signatures and policies checked.

Prints one line of JSON with where it listens and whose keys it takes, and ends when its standard input does.

  moto_fixture.py [--bucket NAME] [--port PORT]
"""

import argparse
import json
import logging
import sys

import boto3
from moto import settings
from moto.server import ThreadedMotoServer

POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["s3:*", "sts:*"], "Resource": "*"}],
}
READ_ONLY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": "*"}],
}


def add_user(iam, name, policy):
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="policy", PolicyDocument=json.dumps(policy))
    return iam.create_access_key(UserName=name)["AccessKey"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bucket", default="exports")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=options.port, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    access = {"endpoint_url": endpoint, "region_name": "us-east-1"}
    first = {"aws_access_key_id": "first", "aws_secret_access_key": "first"}
    boto3.client("s3", **access, **first).create_bucket(Bucket=options.bucket)
    iam = boto3.client("iam", **access, **first)
    writer = add_user(iam, "worker", POLICY)
    reader = add_user(iam, "reader", READ_ONLY)
    role = iam.create_role(
        RoleName="exports",
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
            }
        ),
    )["Role"]["Arn"]
    iam.put_role_policy(RoleName="exports", PolicyName="policy", PolicyDocument=json.dumps(POLICY))
    # From here on every request has to be signed with one of the keys above.
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
    print(
        json.dumps(
            {
                "endpoint": endpoint,
                "bucket": options.bucket,
                "role": role,
                "accessKeyId": writer["AccessKeyId"],
                "secretAccessKey": writer["SecretAccessKey"],
                "readerKeyId": reader["AccessKeyId"],
                "readerSecret": reader["SecretAccessKey"],
            }
        ),
        flush=True,
    )
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
