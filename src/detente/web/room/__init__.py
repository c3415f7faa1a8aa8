# SPDX-License-Identifier: Apache-2.0
"""The reading room in the browser: no party, no keys. The printed address is the way in."""
