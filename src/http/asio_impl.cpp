// Asio's own code is compiled here once; everywhere else its headers only declare.

#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
