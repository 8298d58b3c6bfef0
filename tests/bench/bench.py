#!/usr/bin/env python3
"""Figures of the operator, each beside azsim, both as processes. `bench.py NAME...`, or all of them; run.sh builds
what they need. docs/performance.md says what they mean.

reconcile  500 clusters from apply to Ready at 50 ms a call, without and with Resource Manager's buckets; beside each
           the reference (a requeue loop)
rest       Azure requests an hour with 500 clusters at rest (--minutes, whole intervals between lists)
memory     RSS and PSS at rest, with 500 clusters, and with 500 clusters and 9,500 local targets
apply      a manifest moved into the folder to Azure's first request about it
start      start of the process to its first request, with 1, 500 and 10,000 objects
"""
import argparse
import os
import time

import reference
from place import Place, cluster, local_target, seconds_of, wait_until

CLUSTERS = 500
DELAY = 0.05


def heading(text):
    load = os.getloadavg()[0]
    print(f"\n== {text}  (load before: {load:.1f})", flush=True)


def row(name, *cells):
    print(f"  {name:<34}" + "".join(f"{cell:>16}" for cell in cells), flush=True)


def clusters():
    return {f"cluster-{i}.yaml": cluster(f"cluster-{i}") for i in range(CLUSTERS)}


def local_targets():
    """With the clusters 10,000 targets, 500 a file: a file of manifests has at most 1 MiB."""
    return {f"local-{first}.yaml": "\n---\n".join(local_target(f"local-{i}") for i in range(first, first + 500))
            for first in range(CLUSTERS, 10000, 500)}


def begin(place, workers=None):
    place.apply({"workspace.yaml": place.workspace()})
    place.start_operator(workers)
    place.wait_ready(1)


def make_clusters(place):
    place.apply(clusters())
    place.wait_ready(CLUSTERS + 1)


def reconcile(options):
    for buckets in (False, True):
        heading(f"{CLUSTERS} clusters, 50 ms a call, {'with' if buckets else 'without'} ARM's buckets")
        row("", "s to Ready", "objects/s", "calls/object", "processor s")
        with Place(DELAY, buckets) as place:
            begin(place, options.workers)
            since = len(place.requests())
            spent = place.processor_seconds()
            began = place.apply(clusters())
            took = place.wait_ready(CLUSTERS + 1) - began
            # What lists cost is of the workspace; what is asked by name is of the object.
            named = sum("/computes/" in request["path"] for request in place.requests(since))
            row("trainyard", f"{took:.1f}", f"{CLUSTERS / took:.0f}", f"{named / CLUSTERS:.2f}",
                f"{place.processor_seconds() - spent:.1f}")
            for operation, times in sorted(place.operations(since).items()):
                row("    " + operation, times)
        with Place(DELAY, buckets) as place:
            took = reference.create(place, [f"cluster-{i}" for i in range(CLUSTERS)])
            named = sum("/computes/" in request["path"] for request in place.requests())
            row("requeue loop, 10 workers", f"{took:.1f}", f"{CLUSTERS / took:.0f}", f"{named / CLUSTERS:.2f}", "")
        if buckets:  # 200 at once, then 10 a second
            row("the buckets alone", f"{(CLUSTERS - 200) / 10:.1f}")


def rest(options):
    heading(f"requests an hour, {CLUSTERS} clusters at rest")
    with Place() as place:
        begin(place)
        make_clusters(place)

        def lists():
            """The number and the time of the first page of each."""
            pages = [(0, 0.0)] + [(i, seconds_of(request)) for i, request in enumerate(place.requests())
                                  if request["operation"] == "computes.list"]
            return [page for before, page in zip(pages, pages[1:]) if page[1] - before[1] > 0.5]
        # Busy lists end a while after the last cluster is ready: two at rest's distance, then whole intervals.
        wait_until("lists at rest", lambda: lists()[-1][1] - lists()[-2][1] > 30, 600, 1)
        first, start = lists()[-1]
        spent = place.processor_seconds()
        time.sleep(60 * options.minutes)
        seen = len(lists())
        wait_until("one more list", lambda: len(lists()) > seen, 200, 1)
        last, end = lists()[-1]
        seconds = end - start
        hourly = 3600 / seconds
        row("measured, s", f"{seconds:.0f}")
        requests = place.requests()[first:last]
        for operation in sorted({r["operation"] for r in requests}):
            row(operation + " an hour", f"{hourly * sum(r['operation'] == operation for r in requests):.0f}")
        row("all an hour", f"{hourly * len(requests):.0f}")
        row("reference: a GET each a minute", CLUSTERS * 60)
        row("processor, ms a minute", f"{(place.processor_seconds() - spent) / seconds * 60000:.0f}")


def memory(options):
    heading("memory at rest, MiB")
    row("", "RSS", "PSS")

    def show(place, name):
        time.sleep(options.settle)
        row(name, *(f"{value:.1f}" for value in place.memory()))
    with Place() as place:
        begin(place)
        show(place, "1 workspace")
        make_clusters(place)
        show(place, f"{CLUSTERS} clusters, just made")
        place.stop_operator()
        place.start_operator()
        time.sleep(3)
        show(place, f"{CLUSTERS} clusters, started anew")
        began = place.apply(local_targets())
        row("(9,500 more ready after, s)", f"{place.wait_ready(10001) - began:.1f}")
        show(place, "10,000 targets, just made")
        place.stop_operator()
        place.start_operator()
        time.sleep(10)
        show(place, "10,000 targets, started anew")


def apply(options):
    heading("apply to Azure's first request about it, ms")
    row("", "p50", "p99", "most")
    with Place() as place:
        begin(place)
        waits = []
        for i in range(options.applies):
            name = f"cluster-{i}"
            since = len(place.requests())
            began = place.apply({name + ".yaml": cluster(name)})
            find = lambda: next((r for r in place.requests(since) if r["path"].endswith("/computes/" + name)), None)
            waits.append(1000 * (seconds_of(wait_until(name, find, 30, 0.005)) - began))
        waits.sort()
        row(f"{len(waits)} applies, one by one", *(f"{waits[min(len(waits) - 1, int(len(waits) * part))]:.0f}"
                                                   for part in (0.5, 0.99, 1)))


def start(options):
    heading("start of the process to its first request, ms")
    row("", "best", "median")
    with Place() as place:
        begin(place)

        def measure(name):
            waits = []
            for _ in range(5):
                place.stop_operator()
                since = len(place.requests())
                began = place.start_operator()
                first = wait_until("a request", lambda: place.requests(since), 60, 0.005)[0]
                waits.append(1000 * (seconds_of(first) - began))
            waits.sort()
            row(name, f"{waits[0]:.0f}", f"{waits[2]:.0f}")
        measure("1 workspace")
        make_clusters(place)
        measure(f"{CLUSTERS} clusters")
        place.apply(local_targets())
        place.wait_ready(10001)
        measure("10,000 targets")


BENCHES = {"reconcile": reconcile, "rest": rest, "memory": memory, "apply": apply, "start": start}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which of them; all if none is named")
    parser.add_argument("--workers", type=int, help="of the operator in reconcile; its default if not given")
    parser.add_argument("--minutes", type=float, default=2, help="how long rest is measured at least")
    parser.add_argument("--applies", type=int, default=200, help="how many of them")
    parser.add_argument("--settle", type=float, default=10, help="seconds of rest before memory is read")
    options = parser.parse_args()
    for name in options.names or BENCHES:
        if name not in BENCHES:
            parser.error(f"'{name}' is none of {', '.join(BENCHES)}")
        BENCHES[name](options)


if __name__ == "__main__":
    main()
