# SPDX-License-Identifier: Apache-2.0
"""Views over entries: timeline, standing, obligations by charter, bundles and their verification. Pure."""
