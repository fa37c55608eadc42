#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tracking/rest/endpoint.h"
#include "tracking/rest/entity_json.h"

// What all searches have in common.

namespace liquid::tracking::rest {

/// The fields of a search that are not empty.
inline boost::json::object search_json(std::string_view filter,
                                       const std::vector<std::string>& order_by,
                                       std::string_view page_token) {
  boost::json::object body;
  if (!filter.empty()) body["filter"] = text_json(filter);
  if (!order_by.empty()) body["order_by"] = texts_json(order_by);
  if (!page_token.empty()) body["page_token"] = text_json(page_token);
  return body;
}

/// A page of what stands in the list `name`, each item read by `read_item`.
template <typename Item, typename Read>
Result<Page<Item>> page_of(const Result<Answer>& answer, std::string_view name, Read read_item) {
  if (!answer) return answer.error();
  return answer->read([&](const Fields& fields) {
    Page<Item> page;
    fields.each(name, [&](const Fields& item) { page.items.push_back(read_item(item)); });
    page.next_page_token = fields.text("next_page_token");
    return page;
  });
}

}  // namespace liquid::tracking::rest
