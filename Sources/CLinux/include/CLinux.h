// static inline only
