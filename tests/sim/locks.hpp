// How many locks this thread holds. The linker leads every lock of the program through here (--wrap), so that
// a strand which waits with a lock held is caught at once, and not by a hang.
#pragma once

namespace trainyard::sim {

int locks_held();

}  // namespace trainyard::sim
