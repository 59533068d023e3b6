"""Attribution: which interactions a deal came from, and how its credit is split."""
