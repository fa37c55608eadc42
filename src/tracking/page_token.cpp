#include "tracking/page_token.h"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <optional>

#include "tracking/text_coding.h"

namespace liquid::tracking {
namespace {

namespace json = boost::json;

std::optional<json::object> object_of(std::string_view token) {
  const std::optional<std::string> text = from_base64(token);
  if (!text) return std::nullopt;
  boost::system::error_code error;
  json::value value = json::parse(*text, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

Error invalid_token(std::string_view token) {
  return {ErrorCode::invalid_argument, "Invalid page token '" + std::string(token) + "'"};
}

json::array experiments_of(const LoggedModelQuery& query) {
  json::array ids;
  for (const ExperimentId& id : query.experiment_ids) ids.emplace_back(id.str());
  return ids;
}

json::value filter_of(const LoggedModelQuery& query) {
  return query.filter.empty() ? json::value() : json::value(query.filter);
}

json::value orders_of(const LoggedModelQuery& query) {
  if (query.order_by.empty()) return {};
  json::array orders;
  for (const LoggedModelOrder& order : query.order_by) {
    json::object one{{"field_name", order.field}, {"ascending", order.ascending}};
    if (!order.dataset_name.empty()) one["dataset_name"] = order.dataset_name;
    if (!order.dataset_digest.empty()) one["dataset_digest"] = order.dataset_digest;
    orders.push_back(std::move(one));
  }
  return orders;
}

// An order as MLflow wrote it: ascending may be left out, and what is not said may be null or
// empty.
json::value plain_orders(const json::value& written) {
  if (!written.is_array() || written.get_array().empty()) return {};
  json::array orders;
  for (const json::value& each : written.get_array()) {
    json::object one{{"ascending", true}};
    const json::object* const members = each.if_object();
    for (const auto& [key, value] : members != nullptr ? *members : json::object()) {
      if (!value.is_null() && value != json::value("")) one[key] = value;
    }
    orders.push_back(std::move(one));
  }
  return orders;
}

Error other_search(const char* what) {
  return {ErrorCode::invalid_argument,
          std::string(what) +
              " in the page token do not match those "
              "of the request: a token belongs to the search it came from"};
}

}  // namespace

std::string token_scope(const LoggedModelQuery& query) {
  return "\"experiment_ids\": " + json::serialize(experiments_of(query)) +
         ", \"filter_string\": " + json::serialize(filter_of(query)) +
         ", \"order_by\": " + json::serialize(orders_of(query)) + ", ";
}

std::string token_of_offset(std::int64_t offset, std::string_view scope) {
  return base64("{" + std::string(scope) + "\"offset\": " + std::to_string(offset) + "}");
}

Result<std::int64_t> offset_of_token(const LoggedModelQuery& query) {
  if (query.page_token.empty()) return std::int64_t{0};
  const std::optional<json::object> token = object_of(query.page_token);
  if (!token) return invalid_token(query.page_token);
  const auto member = [&](const char* key) {
    const json::value* value = token->if_contains(key);
    return value != nullptr && *value != json::value("") ? *value : json::value();
  };
  if (member("experiment_ids") != json::value(experiments_of(query))) {
    return other_search("The experiment ids");
  }
  if (member("filter_string") != filter_of(query)) return other_search("The words of the filter");
  if (plain_orders(member("order_by")) != orders_of(query)) {
    return other_search("The fields of the order");
  }
  const json::value offset = member("offset");
  if (offset.is_null()) return std::int64_t{0};
  if (!offset.is_int64() || offset.get_int64() < 0) return invalid_token(query.page_token);
  return offset.get_int64();
}

std::string token_of_offset(std::int64_t offset) { return token_of_offset(offset, ""); }

Result<std::int64_t> offset_of_token(std::string_view token) {
  if (token.empty()) return std::int64_t{0};
  const std::optional<json::object> object = object_of(token);
  const json::value* offset = object ? object->if_contains("offset") : nullptr;
  const std::int64_t* number = offset == nullptr ? nullptr : offset->if_int64();
  if (number == nullptr || *number < 1) return invalid_token(token);
  return *number;
}

}  // namespace liquid::tracking
