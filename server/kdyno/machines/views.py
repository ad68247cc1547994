# SPDX-License-Identifier: GPL-2.0-or-later
"""What machines fetch while they boot, and what the imager reports."""

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from fastapi import Path as PathParameter
from fastapi.responses import FileResponse, PlainTextResponse, Response
from pydantic import BaseModel, Field

from kdyno.checkout import PROGRAMS
from kdyno.dependencies import BearerToken, DbSession, RuntimeDep, attempt_of_token
from kdyno.jobs import imaging
from kdyno.machines import boot, service
from kdyno.machines.models import IMAGE_ID_PATTERN
from kdyno_lab.boot.script import render_chain
from kdyno_lab.images.manifest import parse_manifest

router = APIRouter(tags=["boot"])

BuildKey = Annotated[str, PathParameter(pattern=r"^[0-9a-f]{64}$")]
ImageId = Annotated[str, PathParameter(pattern=IMAGE_ID_PATTERN)]


@router.get("/boot/ipxe", response_class=PlainTextResponse)
def first_script() -> str:
    """The script that the network ROM is pointed at: it comes back with the machine's address."""
    return render_chain(server_url=boot.GUEST_SERVER_URL)


@router.get("/boot/machine", response_class=PlainTextResponse)
def machine_script(session: DbSession, mac: Annotated[str, Query(max_length=40)]) -> str:
    """What this machine boots now. An unknown machine is sent to its local disk, never to an installer."""
    machine = service.machine_by_mac(session, mac=mac)
    return boot.script_for(session, machine=machine)


@router.get("/boot/file/kernel/{build_key}")
def kernel_file(build_key: BuildKey, runtime: RuntimeDep) -> FileResponse:
    """A built kernel."""
    return _file(runtime.paths.build(build_key) / "bzImage")


class ImagerFile(StrEnum):
    """The two files that boot the imager."""

    KERNEL = "vmlinuz"
    INITRD = "initrd.img"


@router.get("/boot/file/imager/{image_id}/{name}")
def imager_file(image_id: ImageId, name: ImagerFile, runtime: RuntimeDep) -> FileResponse:
    """The imager's kernel or initramfs."""
    return _file(runtime.paths.image(image_id) / "imager" / name.value)


@router.get("/boot/image/{image_id}/manifest.txt")
def image_manifest(image_id: ImageId, runtime: RuntimeDep) -> FileResponse:
    """Chunk hashes of a golden image, as the imager reads them."""
    return _file(runtime.paths.image(image_id) / "manifest.txt")


@router.get("/boot/image/{image_id}/chunk/{index}")
def image_chunk(image_id: ImageId, index: Annotated[int, PathParameter(ge=0)], runtime: RuntimeDep) -> Response:
    """One chunk of a golden image; the last one may be short."""
    directory = runtime.paths.image(image_id)
    try:
        chunk_bytes = _chunk_bytes(directory / "manifest.txt")
        with (directory / "disk.img").open("rb") as disk:
            disk.seek(index * chunk_bytes)
            data = disk.read(chunk_bytes)
    except FileNotFoundError as error:
        raise HTTPException(404, f"there is no image {image_id}") from error
    if not data:
        raise HTTPException(404, f"image {image_id} has no chunk {index}")
    return Response(data, media_type="application/octet-stream")


@cache
def _chunk_bytes(manifest: Path) -> int:
    """An image never changes once it has its id, so its manifest is read once."""
    return parse_manifest(manifest.read_text(encoding="ascii")).chunk_bytes


def _file(path: Path) -> FileResponse:
    if not path.is_file():
        raise HTTPException(404, f"{path.parent.name}/{path.name} is not here")
    return FileResponse(path, media_type="application/octet-stream")


@router.get("/boot/payload/{name}")
def payload_file(name: str) -> FileResponse:
    """A program for a machine under test, which checks its hash against what Ansible told it."""
    if name not in PROGRAMS:
        raise HTTPException(404, f"no program {name[:80]!r}: there are {', '.join(PROGRAMS)}")
    return _file(PROGRAMS[name])


class ImagerReport(BaseModel):
    """What the imager tells: sizes in bytes, times in milliseconds."""

    event: imaging.ImagerEvent
    stage: Annotated[str, Field(max_length=40)] = ""
    done_bytes: Annotated[int, Field(ge=0)] = 0
    total_bytes: Annotated[int, Field(ge=0)] = 0
    root: Annotated[str, Field(max_length=128)] = ""
    rewritten_chunks: Annotated[int, Field(ge=0)] = 0
    duration_ms: Annotated[int, Field(ge=0)] = 0
    message: Annotated[str, Field(max_length=2000)] = ""


class ImagerReply(BaseModel):
    """What the imager does next."""

    next: str


@router.post("/imager/{attempt_id}/events")
def imager_event(
    attempt_id: int, report: ImagerReport, session: DbSession, token: BearerToken, runtime: RuntimeDep
) -> ImagerReply:
    """Progress, the verified hash, or a failure; only a right hash lets the machine reboot into the test."""
    attempt = attempt_of_token(session, attempt_id=attempt_id, token=token)
    body = report.model_dump(mode="json")
    try:
        accepted = imaging.handle_report(
            session, attempt=attempt, event=report.event, report=body, budgets=runtime.budgets
        )
    except imaging.ImagerReportRefused as error:
        raise HTTPException(409, str(error)) from error
    return ImagerReply(next="reboot" if accepted and report.event is imaging.ImagerEvent.VERIFIED else "continue")
