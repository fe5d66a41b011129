"""What of the cooling an outage of the grid stops, and whether it is back in time."""

from __future__ import annotations

from planner.plan_facility import CoolingPlan
from planner.steps.cooling import CHILLERS_STOP
from planner.steps.notes import Notes
from planner.units import figure

__all__ = ["note_restarts", "without_ups"]

WATER_KJ_PER_M3_K = 4180.0


def without_ups(cooling: CoolingPlan) -> CoolingPlan:
    """Say of a plant in a chain without a UPS that nothing of it runs through an outage of the grid."""
    units = tuple(each.model_copy(update={"on_ups": False}) for each in cooling.units)
    trips = tuple(each.model_copy(update={"restart_s": each.restart_s or 0.0}) for each in cooling.trips)
    return cooling.model_copy(update={"units": units, "trips": trips})


def note_restarts(cooling: CoolingPlan, start_s: float | None, notes: Notes) -> None:
    """Note what cools again too late after the grid failed and generators took over."""
    for trip in cooling.trips:
        if start_s is None or trip.restart_s is None or trip.trip_s >= start_s + trip.restart_s:
            continue
        back_s = start_s + trip.restart_s
        water_m3 = trip.heat_kw * (back_s - trip.trip_s) / trip.margin_k / WATER_KJ_PER_M3_K
        what = "coolant" if trip.loop == "liquid" else "air"
        message = (
            f"after the grid fails, cooling is back {figure(back_s)} s later (generators {figure(start_s)} s, restart"
            f" {figure(trip.restart_s)} s): {trip.event}; at design load the {what} is too warm after {figure(trip.trip_s)} s"
        )
        hint = "units that restart faster"
        if trip.event == CHILLERS_STOP:
            hint += f", or {figure(water_m3)} m3 more of chilled water (cooling.buffer)"
        notes.warn("cooling-restart", f"cooling.{trip.loop}", message, hint, trip.trip_s, back_s, "s")
