#pragma once

// Nothing to import: what lies here replaces weak functions of CVersion when a product is linked.
