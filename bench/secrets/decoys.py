"""Twenty families of twenty lines that hold no live secret, and look as if they did to a hasty reader."""

from collections.abc import Mapping
from typing import NamedTuple


class Family(NamedTuple):
    """A file, and its lines with holes for noise."""

    path: str
    lines: tuple[str, ...]


_EACH = 20
_NAMES = [
    "GITHUB_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "STRIPE_SECRET_KEY",
    "DATABASE_PASSWORD",
    "SLACK_BOT_TOKEN",
    "OPENAI_API_KEY",
    "SENDGRID_API_KEY",
    "SESSION_SECRET",
    "JWT_SECRET",
    "SMTP_PASSWORD",
    "REDIS_PASSWORD",
    "ADMIN_TOKEN",
    "NPM_TOKEN",
    "SIGNING_KEY",
    "WEBHOOK_SECRET",
    "API_KEY",
    "CLIENT_SECRET",
    "ENCRYPTION_KEY",
    "REFRESH_TOKEN",
    "VAULT_TOKEN",
]
_PLACEHOLDERS = (
    "GITHUB_TOKEN=ghp_" + "x" * 36,
    "GITHUB_TOKEN=ghp_" + "0" * 36,
    "AWS_ACCESS_KEY_ID=" + "AKIA" + "IOSFODNN7EXAMPLE",
    "AWS_ACCESS_KEY_ID=AKIA" + "X" * 16,
    "AWS_SECRET_ACCESS_KEY=" + "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY",
    "STRIPE_SECRET_KEY=sk_live_your_secret_key_goes_here",
    "STRIPE_SECRET_KEY=sk_live_" + "x" * 24,
    "SLACK_BOT_TOKEN=xoxb-your-bot-token-here",
    "OPENAI_API_KEY=sk-" + "x" * 48,
    "OPENAI_API_KEY=sk-your-openai-api-key-goes-here",
    "ANTHROPIC_API_KEY=sk-ant-api03-your-key-here",
    "SENDGRID_API_KEY=SG." + "x" * 22 + "." + "x" * 43,
    "DATABASE_PASSWORD=changeme",
    "DATABASE_PASSWORD=<your database password>",
    "SESSION_SECRET=replace-me-with-a-long-random-string",
    "JWT_SECRET=please-change-this-secret-in-production",
    "API_KEY=YOUR_API_KEY_GOES_RIGHT_HERE",
    "GITLAB_TOKEN=glpat-" + "x" * 20,
    "NPM_TOKEN=npm_" + "x" * 36,
    "GOOGLE_MAPS_API_KEY=AIza" + "X" * 35,
)
_MINIFIED = (
    '!function(e,t){"object"==typeof exports?module.exports=t():e.lib=t()}(this,function(){var t="{hex:32}";'
    "return function(e,n){for(var r=e.token,o=0;o<n.length;o++)r+=n[o];return r.split(t)}});"
)

FAMILIES: Mapping[str, Family] = {
    "placeholders": Family("shop/.env.template", _PLACEHOLDERS),
    "references": Family("shop/.env", tuple(f"{name}=${{{name}}}" for name in _NAMES)),
    "look-ups": Family("shop/settings.py", tuple(f'{name} = os.environ["{name}"]' for name in _NAMES)),
    "image digests": Family("shop/deploy.yaml", ("      image: shop/api@sha256:{hex:64}",) * _EACH),
    "entity tags": Family("shop/manifest.json", ('  "etag": "{hex:32}",',) * _EACH),
    "commits": Family("shop/versions.py", ('COMMIT = "{hex:40}"',) * _EACH),
    "npm integrity": Family("web/package-lock.json", ('      "integrity": "sha512-{base64:86}==",',) * _EACH),
    "yarn checksums": Family("web/yarn.lock", ("  checksum: 10c0/{hex:128}",) * _EACH),
    "pinned hashes": Family("shop/requirements.txt", ("    --hash=sha256:{hex:64} \\",) * _EACH),
    "identifiers": Family("shop/catalogue.json", ('  "id": "{uuid}",',) * _EACH),
    "client ids": Family("shop/azure.yaml", ("  client_id: {uuid}", "  tenant_id: {uuid}") * (_EACH // 2)),
    "minified code": Family("web/vendor.min.js", (_MINIFIED,) * _EACH),
    "embedded images": Family(
        "web/icons.css",
        (".icon { background: url(data:image/png;base64,iVBORw0KGgo{base64:400}==) }",) * _EACH,
    ),
    "public ssh keys": Family(
        "ops/authorized_keys",
        ("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ{base64:338}== deploy@shop",) * _EACH,
    ),
    "certificates": Family(
        "ops/ca.pem",
        ("-----BEGIN CERTIFICATE-----", *("{base64:64}",) * (_EACH - 2), "-----END CERTIFICATE-----"),
    ),
    "wrong checksums": Family("shop/made_up.py", ('GITHUB_TOKEN = "ghp_{base62:36}"',) * _EACH),
    "public keys": Family(
        "web/public.js",
        (
            'const stripe = Stripe("pk_live_{base62:24}");',
            'const publicKey = "{base64url:43}";',
            'const clientId = "{digits:12}-{lower-alnum:32}.apps.googleusercontent.com";',
            'const publishableKey = "pk_test_{base62:24}";',
        )
        * (_EACH // 4),
    ),
    "words for people": Family(
        "web/messages.json",
        (
            '  "password": "Enter your password",',
            '  "forgot_password": "Have you forgotten your password?",',
            '  "token_expired": "Your session token has expired, sign in again",',
            '  "api_key_help": "Create an API key in your account settings",',
        )
        * (_EACH // 4),
    ),
    "calls": Family(
        "shop/tokens.py",
        (
            "token = generate_token(user.id, expires_in=TOKEN_LIFETIME)",
            'secret = client.get_secret("projects/shop/secrets/database-url")',
            "password = getpass.getpass()",
            'api_key = request.headers["X-Api-Key"]',
            "self.access_token = response.json()['access_token']",
        )
        * (_EACH // 5),
    ),
    "development defaults": Family(
        "shop/compose.yaml",
        (
            "      DATABASE_URL: postgres://postgres:postgres@localhost:5432/postgres",
            "      POSTGRES_PASSWORD: postgres",
            "      REDIS_URL: redis://:password@localhost:6379/0",
            "      AMQP_URL: amqp://guest:guest@rabbitmq:5672/",
        )
        * (_EACH // 4),
    ),
}
