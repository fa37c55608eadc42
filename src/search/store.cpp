#include "search/store.h"

#include <array>
#include <cstring>
#include <utility>

#include "search/segment_codec.h"

namespace liquid::search {
namespace {

constexpr std::int64_t kSchemaVersion = 1;

// chunks.row is never reused; the rows of one document follow each other. tombstones.terms: see
// `encode_lost_terms`. segments.checksum: XXH3 of content.
constexpr const char* kSchema = R"(
CREATE TABLE settings(language TEXT NOT NULL, k1 REAL NOT NULL, b REAL NOT NULL,
                      title_weight REAL NOT NULL, section_weight REAL NOT NULL);
CREATE TABLE state(id INTEGER PRIMARY KEY CHECK(id = 1), generation INTEGER NOT NULL,
                   epoch BLOB NOT NULL, next_row INTEGER NOT NULL);
CREATE TABLE segments(id INTEGER PRIMARY KEY AUTOINCREMENT, checksum INTEGER NOT NULL,
                      content BLOB NOT NULL);
CREATE TABLE tombstones(segment INTEGER NOT NULL, document INTEGER NOT NULL, terms BLOB NOT NULL,
                        PRIMARY KEY(segment, document)) WITHOUT ROWID;
CREATE TABLE documents(id TEXT PRIMARY KEY, path TEXT NOT NULL, title TEXT NOT NULL,
                       content_hash BLOB NOT NULL, first_row INTEGER NOT NULL,
                       chunks INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE chunks(row INTEGER PRIMARY KEY, document TEXT NOT NULL, ordinal INTEGER NOT NULL,
                    page INTEGER, span_begin INTEGER NOT NULL, span_end INTEGER NOT NULL,
                    content_hash BLOB NOT NULL, title TEXT NOT NULL, section TEXT NOT NULL,
                    text TEXT NOT NULL);
INSERT INTO state VALUES(1, 0, zeroblob(32), 1);
)";

std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

Result<Digest> digest_from(std::string_view bytes, const char* what) {
  Digest digest;
  if (bytes.size() != digest.bytes.size()) {
    return Error{ErrorCode::data_corrupt, std::string("stored ") + what + " is not a digest"};
  }
  std::memcpy(digest.bytes.data(), bytes.data(), bytes.size());
  return digest;
}

std::int64_t checksum_of(std::string_view content) {
  return static_cast<std::int64_t>(hash64(content));
}

std::int64_t signed_of(std::uint64_t value) { return static_cast<std::int64_t>(value); }

Result<StoredDocument> document_from(const sql::Statement& row) {
  const Result<Digest> hash = digest_from(row.blob(3), "document hash");
  if (!hash) return hash.error();
  if (row.integer(5) < 0)
    return Error{ErrorCode::data_corrupt, "a document has no number of chunks"};
  return StoredDocument{.row = {.id = std::string(row.text(0)),
                                .path = std::string(row.text(1)),
                                .title = std::string(row.text(2)),
                                .content_hash = *hash,
                                .chunks = static_cast<std::uint64_t>(row.integer(5))},
                        .first_row = row.integer(4)};
}

Result<StoredChunk> chunk_from(const sql::Statement& row) {
  const Result<Digest> hash = digest_from(row.blob(5), "chunk hash");
  if (!hash) return hash.error();
  StoredChunk stored;
  stored.content_hash = *hash;
  stored.chunk.document_id = corpus::DocumentId(std::string(row.text(0)));
  stored.chunk.ordinal = static_cast<std::uint32_t>(row.integer(1));
  if (!row.is_null(2)) stored.chunk.page = static_cast<std::uint32_t>(row.integer(2));
  stored.chunk.span = {static_cast<std::uint64_t>(row.integer(3)),
                       static_cast<std::uint64_t>(row.integer(4))};
  stored.chunk.title = row.text(6);
  stored.chunk.section = row.text(7);
  stored.chunk.text = row.text(8);
  return stored;
}

// In the order of `Store::Use`.
constexpr std::array<const char*, 15> kStatements = {
    "SELECT generation, epoch, next_row FROM state",
    "SELECT s.id, length(s.content), (SELECT count(*) FROM tombstones t WHERE t.segment = s.id) "
    "FROM segments s ORDER BY s.id",
    "SELECT checksum, content FROM segments WHERE id = ?1",
    "SELECT document, terms FROM tombstones WHERE segment = ?1 ORDER BY document",
    "SELECT document, ordinal, page, span_begin, span_end, content_hash, title, section, text "
    "FROM chunks WHERE row = ?1",
    "SELECT id, path, title, content_hash, first_row, chunks FROM documents WHERE id = ?1",
    "SELECT id, path, title, content_hash, first_row, chunks FROM documents ORDER BY id",
    "UPDATE state SET generation = ?1, epoch = ?2, next_row = ?3",
    "INSERT INTO documents VALUES(?1,?2,?3,?4,?5,?6)",
    "INSERT INTO chunks VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
    "DELETE FROM documents WHERE id = ?1",
    "DELETE FROM chunks WHERE row >= ?1 AND row < ?2",
    "INSERT INTO segments(checksum, content) VALUES(?1,zeroblob(?2)) RETURNING id",
    "DELETE FROM segments WHERE id = ?1",
    "INSERT INTO tombstones VALUES(?1,?2,?3)",
};

}  // namespace

enum class Store::Use : std::size_t {
  read_state,
  read_segments,
  read_segment,
  read_tombstones,
  read_chunk,
  read_document,
  read_documents,
  write_state,
  add_document,
  add_chunk,
  remove_document,
  remove_chunks,
  add_segment,
  remove_segment,
  add_tombstone,
};

Store::Store(sql::Database database)
    : database_(std::move(database)), statements_(kStatements.size()) {}

Result<sql::Statement*> Store::statement(Use use) {
  const auto index = static_cast<std::size_t>(use);
  std::optional<sql::Statement>& slot = statements_[index];
  if (!slot) {
    Result<sql::Statement> prepared = database_.prepare(kStatements[index]);
    if (!prepared) return std::move(prepared).error();
    slot = std::move(prepared).value();
  }
  return &*slot;
}

Result<Store> Store::open(const std::filesystem::path& file, sql::Access access) {
  Result<sql::Database> database = sql::Database::open(file, {.access = access});
  if (!database) return std::move(database).error();
  const Result<std::int64_t> version = database->user_version();
  if (!version) return version.error();
  if (*version > kSchemaVersion) {
    return Error{ErrorCode::unsupported,
                 file.string() + ": made by a newer version (format " + std::to_string(*version) +
                     ", this program reads up to " + std::to_string(kSchemaVersion) + ")"};
  }
  if (*version < kSchemaVersion) {
    return Error{ErrorCode::data_corrupt, file.string() + ": is not an index"};
  }
  return Store(std::move(database).value());
}

Result<Store> Store::create(const std::filesystem::path& file, const Settings& settings) {
  Result<sql::Database> database = sql::Database::open(file, {.access = sql::Access::create});
  if (!database) return std::move(database).error();
  const Result<std::int64_t> version = database->user_version();
  if (!version) return version.error();
  if (*version == 0) {
    Result<void> made = make_tables(*database, settings);
    if (!made) return std::move(made).error();
  }
  return open(file, sql::Access::read_write);
}

Result<void> Store::make_tables(sql::Database& database, const Settings& settings) {
  Result<sql::Transaction> transaction =
      sql::Transaction::begin(database, sql::TransactionKind::write);
  if (!transaction) return std::move(transaction).error();
  Result<void> made = database.execute(kSchema);
  if (made) made = database.set_user_version(kSchemaVersion);
  if (!made) return made;
  Result<sql::Statement> insert = database.prepare("INSERT INTO settings VALUES(?1,?2,?3,?4,?5)");
  if (!insert) return std::move(insert).error();
  insert->bind_text(1, settings.language).bind(2, settings.k1).bind(3, settings.b);
  made = insert->bind(4, settings.title_weight).bind(5, settings.section_weight).run();
  if (!made) return made;
  return transaction->commit();
}

Result<Settings> Store::settings() {
  Result<sql::Statement> select = database_.prepare("SELECT * FROM settings");
  if (!select) return std::move(select).error();
  const Result<bool> row = select->step();
  if (!row) return row.error();
  if (!*row) return Error{ErrorCode::data_corrupt, "the index has no settings"};
  return Settings{std::string(select->text(0)), select->real(1), select->real(2), select->real(3),
                  select->real(4)};
}

Result<StoredState> Store::state() {
  const Result<sql::Statement*> select = statement(Use::read_state);
  if (!select) return select.error();
  const sql::ResetGuard guard(**select);
  const Result<bool> row = (*select)->step();
  if (!row) return row.error();
  if (!*row) return Error{ErrorCode::data_corrupt, "the index has no state"};
  const Result<Digest> epoch = digest_from((*select)->blob(1), "epoch");
  if (!epoch) return epoch.error();
  return StoredState{static_cast<std::uint64_t>((*select)->integer(0)), *epoch,
                     (*select)->integer(2)};
}

Result<std::vector<StoredSegment>> Store::segments() {
  const Result<sql::Statement*> select = statement(Use::read_segments);
  if (!select) return select.error();
  const sql::ResetGuard guard(**select);
  std::vector<StoredSegment> found;
  for (;;) {
    const Result<bool> row = (*select)->step();
    if (!row) return row.error();
    if (!*row) return found;
    found.push_back({(*select)->integer(0), static_cast<std::uint64_t>((*select)->integer(1)),
                     static_cast<std::uint64_t>((*select)->integer(2))});
  }
}

Result<Segment> Store::segment(std::int64_t id) {
  const Result<sql::Statement*> select = statement(Use::read_segment);
  if (!select) return select.error();
  const sql::ResetGuard guard(**select);
  const std::string name = "segment " + std::to_string(id);
  const Result<bool> row = (*select)->bind(1, id).step();
  if (!row) return row.error();
  if (!*row) return Error{ErrorCode::data_corrupt, name + " is missing"};
  const std::string_view content = (*select)->blob(1);
  if (checksum_of(content) != (*select)->integer(0)) {
    return Error{ErrorCode::data_corrupt, name + " does not fit its checksum"};
  }
  Result<Segment> decoded = decode_segment(content);
  if (!decoded) return std::move(decoded).error().with_context(name);
  return decoded;
}

Result<std::vector<StoredTombstone>> Store::tombstones(std::int64_t segment, const Segment& terms) {
  const Result<sql::Statement*> select = statement(Use::read_tombstones);
  if (!select) return select.error();
  const sql::ResetGuard guard(**select);
  (*select)->bind(1, segment);
  std::vector<StoredTombstone> found;
  for (;;) {
    const Result<bool> row = (*select)->step();
    if (!row) return row.error();
    if (!*row) return found;
    const std::int64_t document = (*select)->integer(0);
    if (document < 0 || document >= terms.document_count()) {
      return Error{ErrorCode::data_corrupt, "a removed document is not in its segment"};
    }
    Result<std::vector<LostTerm>> lost = decode_lost_terms((*select)->blob(1), terms);
    if (!lost) return std::move(lost).error();
    found.push_back({static_cast<std::uint32_t>(document), std::move(lost).value()});
  }
}

Result<std::optional<StoredChunk>> Store::chunk(std::int64_t row) {
  const Result<sql::Statement*> select = statement(Use::read_chunk);
  if (!select) return select.error();
  const sql::ResetGuard guard(**select);
  const Result<bool> found = (*select)->bind(1, row).step();
  if (!found) return found.error();
  if (!*found) return std::optional<StoredChunk>();
  Result<StoredChunk> chunk = chunk_from(**select);
  if (!chunk) return std::move(chunk).error();
  return std::optional<StoredChunk>(std::move(chunk).value());
}

Result<std::optional<StoredDocument>> Store::document(std::string_view id) {
  const Result<sql::Statement*> select = statement(Use::read_document);
  if (!select) return select.error();
  const sql::ResetGuard guard(**select);
  const Result<bool> found = (*select)->bind_text(1, id).step();
  if (!found) return found.error();
  if (!*found) return std::optional<StoredDocument>();
  Result<StoredDocument> document = document_from(**select);
  if (!document) return std::move(document).error();
  return std::optional<StoredDocument>(std::move(document).value());
}

Result<std::vector<StoredDocument>> Store::documents() {
  const Result<sql::Statement*> select = statement(Use::read_documents);
  if (!select) return select.error();
  const sql::ResetGuard guard(**select);
  std::vector<StoredDocument> documents;
  for (;;) {
    const Result<bool> row = (*select)->step();
    if (!row) return row.error();
    if (!*row) return documents;
    Result<StoredDocument> document = document_from(**select);
    if (!document) return std::move(document).error();
    documents.push_back(std::move(document).value());
  }
}

Result<std::uint64_t> Store::chunk_rows() {
  Result<sql::Statement> select = database_.prepare("SELECT count(*) FROM chunks");
  if (!select) return std::move(select).error();
  const Result<bool> row = select->step();
  if (!row) return row.error();
  return static_cast<std::uint64_t>(select->integer(0));
}

Result<void> Store::verify_file() {
  Result<sql::Statement> select = database_.prepare("PRAGMA integrity_check(1)");
  if (!select) return std::move(select).error();
  const Result<bool> row = select->step();
  if (!row) return row.error();
  if (select->text(0) == "ok") return {};
  return Error{ErrorCode::data_corrupt, std::string(select->text(0))};
}

Result<void> Store::set_state(const StoredState& state) {
  const Result<sql::Statement*> update = statement(Use::write_state);
  if (!update) return update.error();
  (*update)->bind(1, signed_of(state.generation)).bind_blob(2, bytes_of(state.epoch));
  return (*update)->bind(3, state.next_row).run();
}

Result<void> Store::add_document(const corpus::Document& document, std::int64_t first_row,
                                 std::uint64_t chunks) {
  const Result<sql::Statement*> insert = statement(Use::add_document);
  if (!insert) return insert.error();
  (*insert)
      ->bind_text(1, document.id.str())
      .bind_text(2, document.path)
      .bind_text(3, document.title);
  (*insert)->bind_blob(4, bytes_of(document.content_hash)).bind(5, first_row);
  return (*insert)->bind(6, signed_of(chunks)).run();
}

Result<void> Store::add_chunk(std::int64_t row, const corpus::Chunk& chunk) {
  const Result<sql::Statement*> insert = statement(Use::add_chunk);
  if (!insert) return insert.error();
  const Digest hash = content_hash(chunk);
  sql::Statement& to = **insert;
  to.bind(1, row).bind_text(2, chunk.document_id.str()).bind(3, std::int64_t{chunk.ordinal});
  if (chunk.page) to.bind(4, std::int64_t{*chunk.page});
  to.bind(5, signed_of(chunk.span.begin)).bind(6, signed_of(chunk.span.end));
  to.bind_blob(7, bytes_of(hash)).bind_text(8, chunk.title).bind_text(9, chunk.section);
  return to.bind_text(10, chunk.text).run();
}

Result<void> Store::remove_document(std::string_view id, std::int64_t first_row,
                                    std::uint64_t chunks) {
  const Result<sql::Statement*> document = statement(Use::remove_document);
  if (!document) return document.error();
  Result<void> removed = (*document)->bind_text(1, id).run();
  if (!removed) return removed;
  const Result<sql::Statement*> rows = statement(Use::remove_chunks);
  if (!rows) return rows.error();
  return (*rows)->bind(1, first_row).bind(2, first_row + signed_of(chunks)).run();
}

// Encodes twice, because the row needs size and checksum before the bytes: held as a whole these
// would be in memory twice, here and in SQLite's copy, at the very peak of a merge.
Result<StoredSegment> Store::add_segment(const Segment& segment) {
  std::uint64_t bytes = 0;
  Hash64Builder checksum;
  Result<void> done = encode_segment(segment, [&](std::string_view piece) {
    bytes += piece.size();
    checksum.append(piece);
    return Result<void>();
  });
  if (!done) return std::move(done).error();
  const Result<std::int64_t> id = add_segment_row(bytes, checksum.finish());
  if (!id) return id.error();
  Result<sql::BlobWriter> content = database_.write_blob("segments", "content", *id);
  if (!content) return std::move(content).error();
  done = encode_segment(segment, [&](std::string_view piece) { return content->append(piece); });
  if (!done) return std::move(done).error();
  return StoredSegment{*id, bytes, 0};
}

Result<std::int64_t> Store::add_segment_row(std::uint64_t bytes, std::uint64_t checksum) {
  const Result<sql::Statement*> insert = statement(Use::add_segment);
  if (!insert) return insert.error();
  const sql::ResetGuard guard(**insert);
  const Result<bool> row = (*insert)->bind(1, signed_of(checksum)).bind(2, signed_of(bytes)).step();
  if (!row) return row.error();
  const std::int64_t id = (*insert)->integer(0);
  const Result<bool> done = (*insert)->step();
  if (!done) return done.error();
  return id;
}

Result<void> Store::remove_segment(std::int64_t id) {
  const Result<sql::Statement*> remove = statement(Use::remove_segment);
  if (!remove) return remove.error();
  Result<void> removed = (*remove)->bind(1, id).run();
  if (!removed) return removed;
  return database_.execute("DELETE FROM tombstones WHERE segment = " + std::to_string(id));
}

Result<void> Store::add_tombstone(std::int64_t segment, std::uint32_t document,
                                  const std::vector<LostTerm>& lost) {
  const Result<sql::Statement*> insert = statement(Use::add_tombstone);
  if (!insert) return insert.error();
  const std::string terms = encode_lost_terms(lost);
  return (*insert)->bind(1, segment).bind(2, std::int64_t{document}).bind_blob(3, terms).run();
}

Digest content_hash(const corpus::Chunk& chunk) {
  return DigestBuilder().field(chunk.title).field(chunk.section).field(chunk.text).finish();
}

}  // namespace liquid::search
