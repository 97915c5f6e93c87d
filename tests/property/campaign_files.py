"""Any story with folders in any world, many times: `make campaign-files CASES=2000 SEED=1`; else as `campaign_property`."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "support")]

from any_files_story import any_files_story  # noqa: E402
from campaign_property import main  # noqa: E402
from supervisor import supervise  # noqa: E402

if __name__ == "__main__":
    supervise()
    sys.exit(main(any_files_story))
