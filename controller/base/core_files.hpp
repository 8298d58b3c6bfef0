// A core file would hold what memory holds: tokens and secrets.
#pragma once

namespace trainyard {

/// No core file of this process is ever written, nor given to a program that the system has for them (which a
/// limit of 0 alone does not prevent), and no other process of the user may read its memory. Children that
/// are other programs keep the limit only.
void forbid_core_files();

}  // namespace trainyard
