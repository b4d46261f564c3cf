"""Suspending people and organizations, and deciding about their objections, for whoever runs the platform."""
