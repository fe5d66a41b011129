"""The chain from the grid to the rack: what each stage loses."""

from __future__ import annotations

import math

__all__ = ["pdus_per_rack", "stage_input_kw"]


def stage_input_kw(output_kw: float, efficiency_fraction: float) -> float:
    """Power into a stage of the chain.

    Parameters
    ----------
    output_kw : float
        Power that the stage delivers [kW].
    efficiency_fraction : float
        Output over input, greater than 0, at most 1.

    Returns
    -------
    float
        Power that the stage takes [kW].

    Notes
    -----
    ``input = output / efficiency``; the efficiency is constant here, its load curve is not modelled.

    References
    ----------
    IEC 62040-3:2021 (UPS efficiency: output over input active power).

    Examples
    --------
    >>> stage_input_kw(960.0, 0.96)
    1000.0
    """
    return output_kw / efficiency_fraction


PDU_SPARES = {"N": 0, "N+1": 1}


def pdus_per_rack(rack_kw: float, pdu_kw: float, redundancy: str) -> int:
    """Count the PDUs of a rack.

    Parameters
    ----------
    rack_kw : float
        What the rack draws [kW].
    pdu_kw : float
        What one PDU carries continuously [kW].
    redundancy : str
        ``N`` (just enough), ``N+1`` (one may fail), ``2N`` (every one twice).

    Returns
    -------
    int
        PDUs, at least 1.

    References
    ----------
    NVIDIA DGX SuperPOD reference architecture H100 (RA-11333-001 V11), Table 7: 96 PDUs in 32 racks of four DGX H100.

    Examples
    --------
    Four nodes of 10.2 kW on PDUs of 34.5 kW: two carry them, a third is the spare.

    >>> pdus_per_rack(40.8, 34.5, "N+1")
    3
    """
    needed = max(1, math.ceil(rack_kw / pdu_kw - 1e-9))
    return 2 * needed if redundancy == "2N" else needed + PDU_SPARES[redundancy]
