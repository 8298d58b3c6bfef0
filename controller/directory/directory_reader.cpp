#include "controller/directory/directory_reader.hpp"

#include <algorithm>
#include <utility>

#include "controller/directory/manifest_folder.hpp"
#include "controller/directory/state_file.hpp"

namespace trainyard::directory {

namespace {

ObjectPtr as_asked(StoredObject object, std::vector<DeletionRequest> const& requests) {
  auto const request = std::find_if(requests.begin(), requests.end(),
                                    [&](DeletionRequest const& asked) { return asked.key == object.key; });
  if (request != requests.end() && !object.deleted_at) object.deleted_at = request->at;
  return std::make_shared<StoredObject const>(std::move(object));
}

}  // namespace

DirectoryReader::DirectoryReader(DirectoryOptions options, DocumentReader read, Clock const& clock,
                                 Scrubber& scrubber)
    : options_(std::move(options)), read_(std::move(read)), clock_(clock), scrubber_(scrubber) {}
DirectoryReader::~DirectoryReader() = default;

Result<std::unique_ptr<DirectoryReader>> DirectoryReader::open(DirectoryOptions options, DocumentReader read,
                                                               Clock const& clock, Scrubber& scrubber) {
  std::unique_ptr<DirectoryReader> reader(
      new DirectoryReader(std::move(options), std::move(read), clock, scrubber));
  Result<std::unique_ptr<StateFile>> state =
      StateFile::open(state_file_path(reader->options_), StateFile::Mode::Look);
  if (!state) {
    if (state.error().kind != ErrorKind::NotFound) return state.error();
    return Error{.kind = ErrorKind::NotFound,
                 .reason = "NoState",
                 .message = "no operator has run here: there is no state in '" +
                            reader->options_.state.string() +
                            "'; run it on the folder first, or name the right folder"};
  }
  reader->state_ = *std::move(state);
  return reader;
}

Result<ObjectPtr> DirectoryReader::get(ObjectKey const& key) const {
  Result<std::vector<DeletionRequest>> const requests = state_->deletion_requests();
  if (!requests) return requests.error();
  Result<std::optional<StoredObject>> object = state_->object(key);
  if (!object) return object.error();
  if (!*object) return ObjectPtr();
  return as_asked(**std::move(object), *requests);
}

Result<std::vector<ObjectPtr>> DirectoryReader::list(std::string_view kind) const {
  Result<std::vector<DeletionRequest>> const requests = state_->deletion_requests();
  if (!requests) return requests.error();
  Result<std::vector<StoredObject>> objects = state_->objects(kind);
  if (!objects) return objects.error();
  std::vector<ObjectPtr> list;
  for (StoredObject& object : *objects) list.push_back(as_asked(std::move(object), *requests));
  return list;
}

Result<std::vector<StoredEvent>> DirectoryReader::events(std::optional<ObjectKey> const& about) const {
  return state_->events(about);
}

Result<Done> DirectoryReader::check_not_declared(StoredObject const& object) const {
  ManifestFolder folder(options_, read_, scrubber_);
  if (Result<Done> read = folder.refresh({}); !read) return read;
  std::string const source = object.source.substr(0, object.source.rfind(':'));
  for (auto const& [path, file] : folder.files()) {
    for (Declaration const& document : file.documents)
      if (document.key == object.key) return still_declared(object.key, document.place);
    if (path == source && !file.complete)
      return Error{
          .kind = ErrorKind::Invalid,
          .reason = "ManifestsUnreadable",
          .message = to_string(object.key) + " is not deleted: it was declared at " + object.source +
                     ", and whether it still is cannot be told, since the file has errors; mend it first: " +
                     file.problems.front()};
  }
  return Done{};
}

Result<Done> DirectoryReader::request_delete(ObjectKey const& key) {
  Result<std::optional<StoredObject>> const object = state_->object(key);
  if (!object) return object.error();
  if (!*object)
    return Error{
        .kind = ErrorKind::NotFound, .reason = "ObjectNotFound", .message = to_string(key) + " is not there"};
  if (Result<Done> allowed = check_unprotected(**object); !allowed) return allowed;
  if (Result<Done> allowed = check_not_declared(**object); !allowed) return allowed;
  if (!(*object)->deleted_at)
    if (Result<Done> asked = state_->ask_deletion({key, clock_.wall()}); !asked) return asked;
  return wake_operator(options_);
}

}  // namespace trainyard::directory
