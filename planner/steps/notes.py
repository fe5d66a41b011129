"""What a plan takes for granted and what it finds on the way: collected while the steps run."""

from __future__ import annotations

from planner.catalog.records import Item, Record
from planner.plan import Assumption, Finding

__all__ = ["Notes"]


class Notes:
    """Collects assumptions by path and findings by code and path; the last word counts."""

    def __init__(self) -> None:
        self._assumptions: dict[str, Assumption] = {}
        self._findings: dict[tuple[str, str], Finding] = {}

    def assume(self, path: str, statement: str, source_url: str = "", confidence: str = "rule") -> None:
        """Note what the file leaves open and how it is read."""
        self._assumptions[path] = Assumption.model_validate(
            {"path": path, "statement": statement, "confidence": confidence, "source_url": source_url}
        )

    def assume_row(self, kind: str, row: Record) -> None:
        """Note a catalog row in use whose numbers are not all the maker's own."""
        if row.confidence != "vendor":
            name = row.name if isinstance(row, Item) else getattr(row, "name", "version" if kind == "cloud_addons" else "price")
            self.assume(f"catalog.{kind}.{row.id}", f"{name}: {row.note}", row.source_url, row.confidence)

    def find(self, finding: Finding) -> None:
        """Note a finding."""
        self._findings[finding.code, finding.path] = finding

    def error(
        self,
        code: str,
        path: str,
        message: str,
        hint: str,
        value: float | None = None,
        limit: float | None = None,
        unit: str = "",
    ) -> None:
        """Note that something cannot be built."""
        self.find(
            Finding(severity="error", code=code, path=path, message=message, hint=hint, value=value, limit=limit, unit=unit)
        )

    def warn(
        self,
        code: str,
        path: str,
        message: str,
        hint: str,
        value: float | None = None,
        limit: float | None = None,
        unit: str = "",
    ) -> None:
        """Note something that can be built, but perhaps not as meant."""
        self.find(
            Finding(severity="warning", code=code, path=path, message=message, hint=hint, value=value, limit=limit, unit=unit)
        )

    def found(self, code: str, path: str) -> Finding | None:
        """Return the finding of a code at a path, if there is one."""
        return self._findings.get((code, path))

    def drop(self, code: str, path: str) -> None:
        """Take a finding back that a later round of the same step has cured."""
        self._findings.pop((code, path), None)

    def assumptions(self) -> tuple[Assumption, ...]:
        """Return the assumptions by path."""
        return tuple(self._assumptions[path] for path in sorted(self._assumptions))

    def findings(self) -> tuple[Finding, ...]:
        """Return the findings, errors first."""
        rank = {"error": 0, "warning": 1, "info": 2}
        return tuple(sorted(self._findings.values(), key=lambda f: (rank[f.severity], f.code, f.path)))
