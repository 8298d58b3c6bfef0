// Frees what a C library made, by that library's own function: std::unique_ptr<BIO, Release<BIO_free_all>>.
#pragma once

namespace trainyard::azsim {

template <auto release>
struct Release {
  template <class T>
  void operator()(T* held) const {
    release(held);
  }
};

}  // namespace trainyard::azsim
