"""Write audit rows in the caller's transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from models.audit import AuditEvent
from services.shared.actors import Actor
from utils.clock import utc_now


def record_audit(
    session: Session,
    actor: Actor,
    action: str,
    subject: str = "",
    *,
    details: dict[str, Any] | None = None,
    ip_address: str | None = None,
) -> None:
    """Add one audit event to ``session``; it is committed or lost together with the change it tells of."""
    session.add(
        AuditEvent(
            at=utc_now(),
            user_id=actor.user_id,
            actor=actor.name[:40],
            action=action,
            subject=subject[:120],
            ip_address=ip_address or actor.ip_address,
            details=details or {},
        )
    )
