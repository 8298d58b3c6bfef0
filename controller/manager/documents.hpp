// Trainyard's kinds as the directory store reads them: the store knows no kind, the kinds know no store.
#pragma once

#include "controller/directory/documents.hpp"

namespace trainyard::manager {

directory::DocumentReader document_reader();
directory::ChangeCheck change_check();

}  // namespace trainyard::manager
