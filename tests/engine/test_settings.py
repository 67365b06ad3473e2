"""Settings: safe defaults, and one clear line when something cannot be used."""

from pathlib import Path

import pytest

from actions.backend.setting_fields import SettingsError
from actions.backend.settings import SETTINGS, Settings, async_url

pytestmark = pytest.mark.unit

PRODUCTION = {
    "LOTSE_ENV": "production",
    "LOTSE_OPERATOR_KEY": "k" * 32,
    "LOTSE_JWT_JWKS": "https://shop.example/keys.json",
    "LOTSE_INTERNAL_SECRET": "i" * 32,
}


def test_nothing_set_is_a_development_machine_of_its_own() -> None:
    settings = Settings.from_env({})
    assert (settings.host, settings.port, settings.rasa_port, settings.actions_port) == ("127.0.0.1", 8080, 8081, 8082)
    assert settings.database_url.startswith("sqlite+aiosqlite:///")
    assert settings.database_url != settings.tracker_database_url
    assert settings.data_dir.is_absolute()


def test_internal_ports_follow_the_port_so_that_two_copies_can_run() -> None:
    settings = Settings.from_env({"LOTSE_PORT": "9000"})
    assert (settings.rasa_port, settings.actions_port) == (9001, 9002)


def test_parts_on_other_machines_are_found_by_their_address() -> None:
    near = Settings.from_env({"LOTSE_PORT": "9080"})
    assert (near.rasa_urls, near.actions_url) == (("http://127.0.0.1:9081",), "")
    far = Settings.from_env({"LOTSE_RASA_URL": "http://rasa:8081/", "LOTSE_ACTIONS_URL": "https://actions"})
    assert (far.rasa_urls, far.actions_url) == (("http://rasa:8081",), "https://actions")
    several = Settings.from_env({"LOTSE_RASA_URL": "http://rasa-1:8081/, http://rasa-2:8081"})
    assert several.rasa_urls == ("http://rasa-1:8081", "http://rasa-2:8081")


def test_each_process_of_rasa_has_a_port_that_no_other_program_has() -> None:
    assert Settings.from_env({}).rasa_ports == (8081,)
    three = Settings.from_env({"LOTSE_RASA_WORKERS": "3", "LOTSE_PORT": "9001", "LOTSE_RASA_PORT": "9000"})
    assert three.rasa_ports == (9000, 9002, 9004)
    assert three.actions_port == 9003
    assert three.rasa_urls == tuple(f"http://127.0.0.1:{port}" for port in three.rasa_ports)


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("", False),
        ("http://127.0.0.1:9082", True),
        ("http://localhost:9082", True),
        ("http://127.0.0.1:8082", False),
        ("http://actions:9082", False),
        ("https://actions", False),
    ],
)
def test_an_action_server_is_started_where_its_address_is_ours(url: str, own: bool) -> None:
    assert Settings.from_env({"LOTSE_PORT": "9080", "LOTSE_ACTIONS_URL": url}).own_action_server is own


def test_databases_follow_the_data_dir(tmp_path: Path) -> None:
    settings = Settings.from_env({"LOTSE_DATA_DIR": str(tmp_path / "a b")})
    assert "a%20b/lotse.db" in settings.database_url


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgres://h/d", "postgresql+psycopg://h/d"),
        ("sqlite:///x.db", "sqlite+aiosqlite:///x.db"),
        ("postgresql+asyncpg://h/d", "postgresql+asyncpg://h/d"),
    ],
)
def test_database_urls_get_an_asynchronous_driver(given: str, expected: str) -> None:
    assert async_url(given) == expected


def test_lists_are_comma_separated() -> None:
    assert Settings.from_env({"LOTSE_SELLER_REASONS": "a, b,"}).seller_reasons == ("a", "b")


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"LOTSE_PORT": "http"}, "LOTSE_PORT"),
        ({"LOTSE_PORT": "70000"}, "LOTSE_PORT: must be a port number"),
        ({"LOTSE_PORT": "8080", "LOTSE_RASA_PORT": "8080"}, "must differ"),
        ({"LOTSE_ENV": "staging"}, "must be one of development, production"),
        ({"LOTSE_DEFAULT_ZONE": "Mars/Base"}, "LOTSE_DEFAULT_ZONE"),
        ({"LOTSE_ORDER_ID_PATTERN": "("}, "LOTSE_ORDER_ID_PATTERN"),
        ({"LOTSE_CANCEL_SILENCE": "maybe"}, "close_keep_active, auto_cancel"),
        ({"LOTSE_HOST": "0.0.0.0"}, "reachable from outside"),
        ({"LOTSE_HOST": "lotse.example"}, "reachable from outside"),
        ({"LOTSE_INTERNAL_HOST": "0.0.0.0"}, "LOTSE_INTERNAL_SECRET"),
        ({"LOTSE_INTERNAL_HOST": "10.0.0.5", "LOTSE_INTERNAL_SECRET": "short"}, "32 bytes"),
        ({"LOTSE_RASA_URL": "http://rasa:5005,rasa:5006"}, "LOTSE_RASA_URL"),
        ({"LOTSE_RASA_WORKERS": "0"}, "LOTSE_RASA_WORKERS: must be above 0"),
        ({"LOTSE_RASA_WORKERS": "2", "LOTSE_RASA_PORT": "65535"}, "LOTSE_RASA_WORKERS: .* ports"),
        ({"LOTSE_ACTIONS_URL": "http://actions/webhook"}, "LOTSE_ACTIONS_URL"),
        ({"LOTSE_ACTIONS_URL": "http://127.0.0.1:80820"}, "LOTSE_ACTIONS_URL: Port out of range"),
        ({"LOTSE_ACTIONS_URL": "http://127.0.0.1:x"}, "LOTSE_ACTIONS_URL: Port could not be"),
        ({"LOTSE_RASA_URL": "http://rasa:0"}, "LOTSE_RASA_URL: must be an address"),
        ({"LOTSE_ENV": "production"}, "LOTSE_OPERATOR_KEY, LOTSE_INTERNAL_SECRET"),
        ({**PRODUCTION, "LOTSE_OPERATOR_KEY": "k" * 31}, "LOTSE_OPERATOR_KEY: must be at least 32 bytes"),
        ({**PRODUCTION, "LOTSE_INTERNAL_SECRET": "i" * 31}, "LOTSE_INTERNAL_SECRET: must be at least 32 bytes"),
        ({**PRODUCTION, "LOTSE_METRICS_KEY": "m" * 31}, "LOTSE_METRICS_KEY: must be at least 32 bytes"),
        # A shared secret never stands in for public keys there.
        ({**PRODUCTION, "LOTSE_JWT_JWKS": "", "LOTSE_JWT_SECRET": "s" * 64}, "LOTSE_JWT_JWKS"),
        ({**PRODUCTION, "LOTSE_JWT_JWKS": "http://shop.example/keys.json"}, "https:// only"),
        ({"LOTSE_RATE_PERSON": "-1"}, "LOTSE_RATE_PERSON"),
        ({"LOTSE_TRUSTED_PROXIES": "10.0.0.0/8, lb"}, "LOTSE_TRUSTED_PROXIES"),
        ({"LOTSE_ORIGINS": "https://shop.example/page"}, "LOTSE_ORIGINS"),
    ],
)
def test_what_cannot_be_used_is_one_line(env: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says) as refused:
        Settings.from_env(env)
    assert "\n" not in str(refused.value)


def test_production_with_its_own_secrets_may_listen_anywhere() -> None:
    assert Settings.from_env({**PRODUCTION, "LOTSE_HOST": "0.0.0.0"}).production


def test_public_keys_may_lie_in_a_file() -> None:
    assert Settings.from_env({**PRODUCTION, "LOTSE_JWT_JWKS": "keys.json"}).jwt_jwks == "keys.json"


def test_pages_of_other_origins_must_be_named_in_production() -> None:
    assert Settings.from_env({}).allowed_origins == ("*",)
    assert Settings.from_env(PRODUCTION).allowed_origins == ()
    named = {**PRODUCTION, "LOTSE_ORIGINS": "https://shop.example, https://www.shop.example:8443"}
    assert Settings.from_env(named).allowed_origins == ("https://shop.example", "https://www.shop.example:8443")


def test_every_setting_is_explained_in_one_line() -> None:
    for setting in SETTINGS:
        assert setting.metadata["name"].startswith("LOTSE_")
        assert 0 < len(setting.metadata["about"]) < 80
        assert "\n" not in setting.metadata["about"]
