# SPDX-License-Identifier: Apache-2.0
"""The console: pages for the people of one party, behind a login, on a listener of their own."""
