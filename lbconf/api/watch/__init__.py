"""What is measured of requests and queries: metrics, timings in answers, slow queries, traces.

Where nothing of it is on, a request pays nothing for it.
"""
