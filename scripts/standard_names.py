"""Which header of the C++ standard library gives which name, for scripts/tidy.py."""

import re

# header -> the names that come from it. A header of the standard library includes others as it likes, and another version
# fewer of them; so does a library of others.
STANDARD = {
    "algorithm": r"adjacent_find|all_of|any_of|binary_search|clamp|copy_if|copy_n|count|count_if|equal|equal_range|fill"
                 r"|fill_n|find|find_end|find_first_of|find_if|find_if_not|for_each|generate|is_sorted|iter_swap"
                 r"|lexicographical_compare|lower_bound|max|max_element|merge|min|min_element|minmax|mismatch"
                 r"|none_of|nth_element|partition|remove_if|replace|reverse|rotate|search|set_\w+|shuffle|sort"
                 r"|stable_\w+|transform|unique|unique_copy|upper_bound|ranges::\w+",
    "array": r"array|to_array",
    "atomic": r"atomic\w*",
    "bit": r"bit_\w+|countl_\w+|countr_\w+|has_single_bit|popcount|rotl|rotr",
    "cctype": r"is(alnum|alpha|cntrl|digit|graph|print|punct|space|upper|lower|xdigit)|tolower|toupper",
    "charconv": r"from_chars|to_chars",
    "chrono": r"chrono",
    "cmath": r"ceil|floor|isfinite|isinf|isnan|llround|log|log2|lround|pow|round|sqrt|trunc",
    "csignal": r"raise|sig_atomic_t|signal",
    "cstdint": r"u?int(_fast|_least)?(8|16|32|64)_t|u?int(ptr|max)_t",
    "cstdio": r"FILE|fclose|fflush|fopen|fprintf|fputc|fputs|fread|fwrite|printf|puts|rename|snprintf|sscanf",
    "cstdlib": r"_Exit|abort|atexit|atoi|exit|free|getenv|malloc|mkstemp|quick_exit|strto\w+|system",
    "cstring": r"mem(chr|cmp|cpy|move|set)|str(chr|cmp|error|len|ncmp|signal|str)",
    "ctime": r"gmtime|localtime|mktime|strftime|time|time_t|timespec|tm",
    "deque": r"deque",
    "exception": r"current_exception|exception|exception_ptr|rethrow_exception|terminate|uncaught_exceptions",
    "filesystem": r"filesystem",
    "fstream": r"[io]?fstream",
    "functional": r"bind|cref|equal_to|function|greater|hash|invoke|less|mem_fn|not_fn|plus|ref|reference_wrapper",
    "iostream": r"cerr|cin|clog|cout",
    "iterator": r"advance|back_inserter|distance|inserter|istreambuf_iterator|make_move_iterator|make_reverse_iterator"
                r"|next|prev",
    "limits": r"numeric_limits",
    "list": r"list",
    "map": r"map|multimap",
    "memory": r"addressof|allocator|enable_shared_from_this|make_shared|make_unique|shared_ptr|unique_ptr|weak_ptr"
              r"|static_pointer_cast",
    "mutex": r"call_once|lock_guard|mutex|once_flag|scoped_lock|unique_lock",
    "new": r"align_val_t|bad_alloc|nothrow",
    "numeric": r"accumulate|gcd|iota|lcm|midpoint|reduce",
    "optional": r"nullopt|nullopt_t|optional",
    "queue": r"priority_queue|queue",
    "random": r"\w+_distribution|mt19937\w*|random_device",
    "regex": r"regex\w*|smatch",
    "set": r"multiset|set",
    "span": r"as_bytes|as_writable_bytes|dynamic_extent|span",
    "sstream": r"[io]?stringstream",
    "stdexcept": r"invalid_argument|length_error|logic_error|out_of_range|runtime_error",
    "string": r"getline|sto(d|f|i|l|ld|ll|ul|ull)|string|to_string|u8string",
    "string_view": r"string_view",
    "system_error": r"errc|error_category|error_code|generic_category|system_category|system_error",
    "thread": r"jthread|this_thread|thread",
    "tuple": r"apply|get_tuple|make_tuple|tie|tuple|tuple_\w+",
    "type_traits": r"add_\w+|common_type_t|conditional_t|decay_t|enable_if_t|false_type|integral_constant|invoke_result_t"
                   r"|is_\w+_v|remove_\w+_t|true_type|type_identity_t|underlying_type_t|void_t",
    "unordered_map": r"unordered_(multi)?map",
    "unordered_set": r"unordered_(multi)?set",
    "utility": r"as_const|cmp_\w+|exchange|forward|in_range|index_sequence\w*|make_pair|move|pair|swap",
    "variant": r"bad_variant_access|get_if|holds_alternative|monostate|variant|variant_\w+|visit",
    "vector": r"vector",
}
# Headers that are bound to have the names of another: what they declare is made of it.
GIVEN_BY = {
    "exception": ("stdexcept",), "string_view": ("string",), "system_error": ("charconv", "filesystem"),
    "string": ("sstream",),
}


def headers_of(names):
    """name -> header, for all names that are in the table; a name is without its `std::`."""
    found = {}
    for name in names:
        for header, pattern in STANDARD.items():
            if re.fullmatch(pattern, name) or re.fullmatch(pattern, name.partition("::")[0]):
                found[name] = header
                break
    return found


def may_give(header):
    """The headers that give all names of this one."""
    return {header, *GIVEN_BY.get(header, ())}
