"""Stages that run as tasks on a cloud: started once for the same work, found again by whoever asks next."""
