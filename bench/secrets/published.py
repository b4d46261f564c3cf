"""The second labelled tree: formats that others publish, in places other than those of the first, among what issuers call public."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from bench.secrets import corpus
from bench.secrets.corpus import Context, Kind, Labels
from bench.secrets.decoys import Family

CONTEXTS: Mapping[str, Context] = {
    "shell": Context("deploy.sh", "export {NAME}='{value}'", "set -eu"),
    "compose": Context("compose.yaml", "      - {NAME}={value}", "      - LOG_LEVEL=info"),
    "workflow": Context("deploy.yml", '          {NAME}: "{value}"', "          CI: true"),
    "properties": Context("application.properties", "shop.{dotted}={value}", "shop.currency=EUR"),
    "php": Context("config.php", "define('{NAME}', '{value}');", "define('RETRIES', 3);"),
    "go": Context("client.go", '\t{camel} := "{value}"', "\tretries := 3"),
    "powershell": Context("run.ps1", '$env:{NAME} = "{value}"', '$env:LOG_LEVEL = "info"'),
    "docker": Context("Dockerfile", "ENV {NAME}={value}", "ENV LOG_LEVEL=info"),
    "ruby": Context("settings.rb", "  {name}: '{value}',", "  retries: 3,"),
    "log": Context("service.log", "2026-11-02T09:14:07Z INFO started with {NAME}={value} in eu-1", "INFO ready"),
    "csv": Context("accounts.csv", "{NAME},{value}", "RETRIES,3"),
    "dotenv": Context(".env.production", '{NAME}="{value}" # changed in spring', "LOG_LEVEL=info"),
}

_SETTINGS = (
    ("STRIPE_PUBLISHABLE_KEY", "pk_live_51{base62:97}"),
    ("NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY", "pk_live_{base62:42}"),
    ("MAPBOX_PUBLIC_TOKEN", "pk.eyJ1Ijoi{base62:60}.{base64url:22}"),
    ("POSTHOG_PROJECT_KEY", "phc_{base62:43}"),
    ("SENTRY_DSN", "https://{hex:32}@o{digits:6}.ingest.sentry.io/4{digits:15}"),
    ("RAZORPAY_KEY_ID", "rzp_live_{base62:14}"),
    ("RECAPTCHA_SITE_KEY", "6L{base64url:38}"),
    ("TURNSTILE_SITE_KEY", "0x4AAAAAAA{base64url:14}"),
    ("ALGOLIA_APPLICATION_ID", "{upper-alnum:10}"),
    ("PUBNUB_SUBSCRIBE_KEY", "sub-c-{uuid}"),
    ("SUPABASE_PUBLISHABLE_KEY", "sb_publishable_{base64url:22}_{base64url:8}"),
    ("FLUTTERWAVE_PUBLIC_KEY", "FLWPUBK-{hex:32}-X"),
    ("LANGFUSE_PUBLIC_KEY", "pk-lf-{uuid}"),
    ("LOB_PUBLISHABLE_KEY", "live_pub_{hex:31}"),
    ("SQUARE_APPLICATION_ID", "sq0idp-{base64url:22}"),
    ("TWILIO_ACCOUNT_SID", "AC{hex:32}"),
    ("TWILIO_VERIFY_SERVICE_SID", "VA{hex:32}"),
    ("GOOGLE_CLIENT_ID", "{digits:12}-{lower-alnum:32}.apps.googleusercontent.com"),
    ("GITHUB_CLIENT_ID", "Iv1.{hex:16}"),
    ("AUTH0_CLIENT_ID", "{base62:32}"),
    ("DISCORD_CLIENT_ID", "1{digits:18}"),
    ("ADOBE_CLIENT_ID", "{hex:32}"),
    ("ASANA_CLIENT_ID", "1{digits:15}"),
    ("BITBUCKET_CLIENT_ID", "{base62:18}"),
    ("LINKEDIN_CLIENT_ID", "{lower-alnum:14}"),
    ("AZURE_SUBSCRIPTION_ID", "{uuid}"),
    ("COGNITO_USER_POOL_ID", "eu-west-1_{base62:9}"),
    ("KMS_KEY_ARN", "arn:aws:kms:eu-west-1:{digits:12}:key/{uuid}"),
    ("S3_CANONICAL_USER_ID", "{hex:64}"),
    ("WG_PUBLIC_KEY", "{base64:43}="),
    ("AGE_RECIPIENT", "age1{lower-alnum:58}"),
    ("SSH_HOST_KEY_FINGERPRINT", "SHA256:{base64:43}"),
    ("PGP_FINGERPRINT", "{upper-hex:40}"),
    ("GIT_COMMIT", "{hex:40}"),
    ("BUILD_ID", "{base64url:21}"),
    ("ASSET_VERSION", "{hex:20}"),
    ("CONTRACT_ADDRESS", "0x{hex:40}"),
    ("TRANSACTION_HASH", "0x{hex:64}"),
    ("IPFS_CID", "Qm{base62:44}"),
    ("TRACEPARENT", "00-{hex:32}-{hex:16}-01"),
    ("SCRIPT_INTEGRITY", "sha384-{base64:64}"),
    ("IMAGE", "shop/api@sha256:{hex:64}"),
    ("STRIPE_PRICE_ID", "price_1{base62:23}"),
    ("STRIPE_CUSTOMER_ID", "cus_{base62:14}"),
    ("SLACK_CHANNEL_ID", "C{upper-alnum:10}"),
    ("SEGMENT_ANONYMOUS_ID", "{uuid}"),
    ("APPLE_TEAM_ID", "{upper-alnum:10}"),
    ("SHOPIFY_API_KEY_ID", "gid://shopify/App/{digits:10}"),
)
"""What the issuer's manual calls public, or an identifier, or a hash of something public, and the name it gives it."""

FAMILIES: Mapping[str, Family] = {
    "public settings": Family("web/.env.production", tuple(f"{name}={value}" for name, value in _SETTINGS)),
    "public constants": Family(
        "web/public.ts", tuple(f'export const {name} = "{value}";' for name, value in _SETTINGS)
    ),
    "public values": Family("web/values.yaml", tuple(f"  {name.lower()}: {value}" for name, value in _SETTINGS)),
    "empty settings": Family("shop/.env.example", tuple(f"{name}=" for name, _ in _SETTINGS)),
}


def write(root: Path) -> Labels:
    return corpus.write(root, kinds(), CONTEXTS, FAMILIES)


def kinds() -> list[Kind]:
    table = tomllib.loads(Path(__file__).with_name("published.toml").read_text("utf-8"))
    return [
        Kind(id=id_, name=name, token=token, beside=tuple((other, value) for other, value in beside))
        for id_, (name, token, _page, *beside) in table.items()
    ]
