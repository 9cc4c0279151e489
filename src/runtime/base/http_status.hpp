// Which HTTP statuses pass a check that names none.
#pragma once

namespace alder {

inline constexpr int least_good_status = 200;
inline constexpr int most_good_status = 399;

} // namespace alder
