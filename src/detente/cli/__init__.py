# SPDX-License-Identifier: Apache-2.0
"""The ``detente`` program: one module a family of commands, loaded when it is called."""
