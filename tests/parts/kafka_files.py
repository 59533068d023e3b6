"""What a broker is made of: its jars, which Maven fetches once, and its properties."""

import fcntl
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.parts.engine import NotHere
from tests.parts.machine import Say, cache_folder, install

VERSION = "4.3.1"
"""Pinned: of a release that is still being published some jars are missing."""

_FETCH_SECONDS = 300
_POM = f"""\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>throughline</groupId><artifactId>broker</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.24.3</version>
    </dependency>
  </dependencies>
</project>
"""
_LOGGING = """\
Configuration:
  status: warn
  Appenders:
    Console: {name: STDOUT, PatternLayout: {pattern: "%d %p %c: %m%n"}}
  Loggers:
    Root: {level: warn, AppenderRef: [{ref: STDOUT}]}
"""


def classpath(say: Say) -> str:
    """Java's classpath of the broker; raises NotHere where Java or the jars cannot be had."""
    if shutil.which("java") is None:
        install(["openjdk-17-jre-headless"], say)
    jars = cache_folder(f"kafka-{VERSION}")
    with _alone(jars.parent / "kafka.lock"):
        if not jars.is_dir():
            if shutil.which("mvn") is None:
                install(["maven"], say)
            say(f"fetching Kafka {VERSION} with Maven (43 MB, once)")
            _fetch(jars)
    return f"{jars}/*:{jars}"


def broker_properties(*, listen: str, port: int, controller: int, folder: str) -> dict[str, str]:
    """The settings of a single node that clients find at 127.0.0.1:`port`."""
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listeners": f"PLAINTEXT://{listen}:{port},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": folder,
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        # A broker that was killed may come back only when its last session is over; the usual nine seconds are long.
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        "auto.create.topics.enable": "false",
    }


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """For one run at a time: two that begin together would fetch twice, over each other."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _fetch(jars: Path) -> None:
    """Fill the folder of jars; it appears whole or not at all, wherever this ends."""
    with tempfile.TemporaryDirectory(prefix="kafka-", dir=jars.parent) as draft:
        pom, folder = Path(draft, "pom.xml"), Path(draft, "jars")
        pom.write_text(_POM)
        command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies"]
        command += [f"-DoutputDirectory={folder}", "-DincludeScope=runtime"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_FETCH_SECONDS)
        if done.returncode != 0:
            raise NotHere(f"Maven could not fetch Kafka {VERSION}: {(done.stdout + done.stderr).strip()[-500:]}")
        (folder / "log4j2.yaml").write_text(_LOGGING)
        folder.rename(jars)
