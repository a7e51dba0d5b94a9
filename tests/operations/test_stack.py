"""The stack file: services, networks, secrets, limits, and the same settings for all of ours."""

import shutil

import msgspec
import pytest

from api._lib.settings import BACKEND_FLAGS, SECRET_FILES, Role, Settings
from api._lib.settings_loader import load_settings
from api._lib.sync.inbound.webhook_rules import wanted_url
from tasks.secrets_check import SECRETS
from tests.operations.files import EXTRAS, ROOT, STACK, docker, stack

OURS = ("app", "worker")
SERVICES = (*OURS, "postgres", "redis")
ONLY_APP = {
    "PORT",
    "TRUSTED_PROXIES",
    "RATE_LIMIT_FACTOR",
    "OPENAI_API_KEY_FILE",
    "OPENAI_MODEL",
    "SMTP_SERVER_FILE",
    "SMTP_PORT_FILE",
    "SMTP_PASSWORD_FILE",
}


def environment(service: str, *files: str) -> dict[str, str]:
    """The variables of a service."""
    found: dict[str, str] = stack(*files)["services"][service]["environment"]
    return found


def client_accepts(*command: str) -> None:
    """The Docker client reads the files; skipped where it, or the plugin, is not installed."""
    done = docker(command)
    missing = ("is not a docker command", "unknown command", "unknown shorthand flag")
    if any(words in done.stderr for words in missing):
        pytest.skip(f"{' '.join(command[:2])} is not installed here")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("files", [(STACK,), (STACK, EXTRAS)])
def test_docker_stack_config_accepts_the_files(files: tuple[str, ...]) -> None:
    if shutil.which("docker") is None:
        pytest.skip("the docker client is not installed here")
    client_accepts("docker", "stack", "config", *(p for f in files for p in ("-c", f)))


@pytest.mark.parametrize("files", [(STACK,), (STACK, EXTRAS)])
def test_docker_compose_config_accepts_the_files(files: tuple[str, ...]) -> None:
    arguments = [part for file in files for part in ("-f", file)]
    if shutil.which("docker-compose"):
        client_accepts("docker-compose", *arguments, "config", "--quiet")
    elif shutil.which("docker"):
        client_accepts("docker", "compose", *arguments, "config", "--quiet")
    else:
        pytest.skip("neither docker compose nor docker-compose is installed here")


def test_there_are_four_services() -> None:
    assert set(stack()["services"]) == set(SERVICES)


def test_app_and_worker_run_the_same_image() -> None:
    services = stack()["services"]
    assert services["app"]["image"] == services["worker"]["image"]
    assert "command" not in services["app"]
    assert services["worker"]["command"] == ["saq", "api.workers.sync_worker.settings"]
    assert services["postgres"]["image"] == "postgres:16-alpine"
    assert services["redis"]["image"] == "redis:7-alpine"


def test_F8_app_and_worker_have_the_same_settings() -> None:
    app, worker = environment("app"), environment("worker")
    assert {name: worker.get(name) for name in app if name not in ONLY_APP} == {
        name: app[name] for name in app if name not in ONLY_APP
    }
    assert set(worker) - set(app) == {"METRICS_PORT"}
    for flag in BACKEND_FLAGS:
        assert app[f"DATA_BACKEND_{flag}"] == worker[f"DATA_BACKEND_{flag}"] == "postgres_primary"


def test_11_10_1_the_worker_of_the_stack_can_listen_to_airtable() -> None:
    """Without the key that hides the webhook's secret it polls, and the quota of calls goes."""
    given = {name.removesuffix("_FILE"): value for name, value in environment("worker").items()}
    given |= {"DATABASE_URL": "postgresql://x", "SMTP_FROM": "app@example.com"}
    settings = load_settings(given, Role.WORKER)
    assert wanted_url(settings) == "https://mfa.example.com/api/sync/airtable/webhook"


def test_every_setting_written_out_has_the_default() -> None:
    defaults = load_settings({"DATABASE_URL": "postgresql://x"}, Role.TASK)
    chosen = {"APP_ENV", "APP_URL", "REDIS_URL", "METRICS_PORT"}
    for service in OURS:
        plain = {n: v for n, v in environment(service).items() if not n.endswith("_FILE")}
        given = load_settings(plain | {"DATABASE_URL": "postgresql://x"}, Role.TASK)
        for name in set(plain) - chosen:
            if not name.startswith("DATA_BACKEND_"):
                assert getattr(given, name.lower()) == getattr(defaults, name.lower()), name


def test_every_variable_is_one_the_settings_know() -> None:
    known = {field.name.upper() for field in msgspec.structs.fields(Settings)}
    known |= {f"DATA_BACKEND_{flag}" for flag in BACKEND_FLAGS}
    known |= {f"{name}_FILE" for name in SECRET_FILES}
    for service in OURS:
        assert set(environment(service, STACK, EXTRAS)) <= known


def test_postgres_and_redis_have_no_way_out() -> None:
    services, networks = stack()["services"], stack()["networks"]
    assert networks == {
        "mfa_internal": {"driver": "overlay", "internal": True},
        "traefik-public": {"external": True},
    }
    for name in OURS:
        assert services[name]["networks"] == ["mfa_internal", "traefik-public"]
    for name in ("postgres", "redis"):
        assert services[name]["networks"] == ["mfa_internal"]
    assert not any("ports" in service for service in services.values())


def test_hosts_carry_the_prefix_of_the_stack() -> None:
    assert environment("app")["REDIS_URL"] == "redis://mfa_redis:6379/0"
    database = next(s for s in SECRETS if s.variable == "DATABASE_URL")
    assert "@mfa_postgres:5432/" in database.command


def test_the_eleven_secrets_are_external_and_enough() -> None:
    required = {secret.name for secret in SECRETS if secret.is_required}
    assert len(required) == 11
    declared = stack()["secrets"]
    assert set(declared) == required
    assert all(secret == {"external": True} for secret in declared.values())


def test_the_optional_secrets_stand_in_the_override_only() -> None:
    optional = {secret.name for secret in SECRETS if not secret.is_required}
    assert set(stack(STACK, EXTRAS)["secrets"]) - set(stack()["secrets"]) == optional


@pytest.mark.parametrize("files", [(STACK,), (STACK, EXTRAS)])
def test_every_secret_file_named_is_mounted_and_every_mounted_one_is_named(
    files: tuple[str, ...],
) -> None:
    for name, service in stack(*files)["services"].items():
        variables = service.get("environment", {})
        named = {value for key, value in variables.items() if key.endswith("_FILE")}
        mounted = {f"/run/secrets/{secret}" for secret in service.get("secrets", [])}
        assert named == mounted, name
        for key, value in variables.items():
            if key.endswith("_FILE"):
                assert value == f"/run/secrets/mfa_{key.removesuffix('_FILE').lower()}"


def test_no_secret_stands_in_a_file() -> None:
    for service in stack(STACK, EXTRAS)["services"].values():
        for name in service.get("environment", {}):
            plain = name in SECRET_FILES - {"REDIS_URL"} or name == "POSTGRES_PASSWORD"
            assert not plain, name


def test_L2_each_service_has_its_own_health_check() -> None:
    services = stack()["services"]
    assert "healthcheck" not in services["app"]  # the image's own
    assert services["worker"]["healthcheck"]["test"] == ["CMD", "python", "tasks/worker_check.py"]
    assert (ROOT / "tasks" / "worker_check.py").is_file()
    assert "pg_isready" in services["postgres"]["healthcheck"]["test"][1]
    redis = services["redis"]["healthcheck"]
    assert (redis["test"], redis["interval"]) == (["CMD", "redis-cli", "ping"], "10s")


def test_ours_start_first_roll_back_and_have_time_to_stop() -> None:
    services = stack()["services"]
    assert services["app"]["stop_grace_period"] == "100s"
    assert services["worker"]["stop_grace_period"] == "45s"
    for name in OURS:
        update = services[name]["deploy"]["update_config"]
        assert (update["order"], update["failure_action"]) == ("start-first", "rollback")
    for name in ("postgres", "redis"):
        assert services[name]["deploy"]["update_config"]["order"] == "stop-first"


def test_every_service_is_confined() -> None:
    for service in stack()["services"].values():
        assert service["init"] is True
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}
        assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}
        volumes = [v for v in service["volumes"] if isinstance(v, dict)]
        assert "/tmp" in {volume["target"] for volume in volumes if volume["type"] == "tmpfs"}
    assert not any("cap_add" in stack()["services"][name] for name in OURS)


def test_data_lies_on_the_host() -> None:
    services = stack()["services"]
    assert "/mnt/data/mfa-postgres:/var/lib/postgresql/data" in services["postgres"]["volumes"]
    assert "/mnt/data/mfa-redis:/data" in services["redis"]["volumes"]


def test_G5_redis_evicts_only_what_expires() -> None:
    command = stack()["services"]["redis"]["command"]
    assert command[command.index("--maxmemory-policy") + 1] == "volatile-lru"
    assert command[command.index("--maxmemory") + 1] == "128mb"
    assert command[command.index("--appendonly") + 1] == "yes"


def test_the_proxy_is_told_how_to_reach_the_app() -> None:
    labels = stack()["services"]["app"]["deploy"]["labels"]
    router = "traefik.http.routers.mfa"
    assert labels[f"{router}.rule"] == "Host(`mfa.example.com`)"
    assert labels[f"{router}.entrypoints"] == "websecure"
    assert labels[f"{router}.tls.certresolver"] == "leresolver"
    assert labels["traefik.http.services.mfa.loadbalancer.server.port"] == "3000"
    limit = "traefik.http.middlewares.mfa-limit.ratelimit"
    assert (labels[f"{limit}.average"], labels[f"{limit}.burst"]) == ("100", "300")
    assert "mfa-limit" in labels[f"{router}.middlewares"].split(",")


def test_the_worker_publishes_its_figures() -> None:
    assert environment("worker")["METRICS_PORT"] == "9464"
