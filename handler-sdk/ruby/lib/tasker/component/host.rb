# frozen_string_literal: true

require_relative "../errors"
require_relative "../key_value"
require_relative "../http"

module Tasker
  module Component
    # The services of the host.
    class Host
      # The maximum size of one write, and how much of a response is read at once.
      WRITE_BYTES, READ_BYTES = 4096, 64 << 10
      METHODS = %w[GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH].freeze
      NANOSECONDS = 1_000_000_000

      def initialize(bindings)
        execution, logging, config = "tasker:handler/execution", "wasi:logging/logging", "wasi:config/store"
        @heartbeat = bindings.import(execution, "heartbeat")
        @cancelled = bindings.import(execution, "cancelled")
        @remaining = bindings.import(execution, "remaining-time-ms")
        @log = bindings.import(logging, "log")
        @secret = bindings.import(config, "get")
        @http = HTTP_FUNCTIONS.to_h { |name, (interface, function)| [name, bindings.import(interface, function)] }
        @buckets = BUCKET_FUNCTIONS.to_h { |name, (interface, function)| [name, bindings.import(interface, function)] }
      end

      types, io = "wasi:http/types", "wasi:io/streams"
      HTTP_FUNCTIONS = {
        fields: [types, "[constructor]fields"], append: [types, "[method]fields.append"],
        entries: [types, "[method]fields.entries"], drop_fields: [types, "[resource-drop]fields"],
        request: [types, "[constructor]outgoing-request"], body: [types, "[method]outgoing-request.body"],
        method: [types, "[method]outgoing-request.set-method"], scheme: [types, "[method]outgoing-request.set-scheme"],
        host: [types, "[method]outgoing-request.set-authority"], path: [types, "[method]outgoing-request.set-path-with-query"],
        options: [types, "[constructor]request-options"],
        connect_timeout: [types, "[method]request-options.set-connect-timeout"],
        first_byte_timeout: [types, "[method]request-options.set-first-byte-timeout"],
        between_bytes_timeout: [types, "[method]request-options.set-between-bytes-timeout"],
        handle: ["wasi:http/outgoing-handler", "handle"],
        drop_request: [types, "[resource-drop]outgoing-request"], drop_options: [types, "[resource-drop]request-options"],
        drop_outgoing_body: [types, "[resource-drop]outgoing-body"], drop_future: [types, "[resource-drop]future-incoming-response"],
        write: [types, "[method]outgoing-body.write"], finish: [types, "[static]outgoing-body.finish"],
        put: [io, "[method]output-stream.blocking-write-and-flush"], drop_output: [io, "[resource-drop]output-stream"],
        subscribe: [types, "[method]future-incoming-response.subscribe"], get: [types, "[method]future-incoming-response.get"],
        block: ["wasi:io/poll", "[method]pollable.block"], drop_pollable: ["wasi:io/poll", "[resource-drop]pollable"],
        status: [types, "[method]incoming-response.status"], headers: [types, "[method]incoming-response.headers"],
        consume: [types, "[method]incoming-response.consume"], stream: [types, "[method]incoming-body.stream"],
        read: [io, "[method]input-stream.blocking-read"], drop_input: [io, "[resource-drop]input-stream"],
        drop_body: [types, "[resource-drop]incoming-body"], drop_response: [types, "[resource-drop]incoming-response"],
        describe_error: ["wasi:io/error", "[method]error.to-debug-string"], drop_error: ["wasi:io/error", "[resource-drop]error"]
      }.freeze
      store, atomics, batch = "wasi:keyvalue/store", "wasi:keyvalue/atomics", "wasi:keyvalue/batch"
      BUCKET_FUNCTIONS = {
        open: [store, "open"], get: [store, "[method]bucket.get"], set: [store, "[method]bucket.set"],
        exists: [store, "[method]bucket.exists"], keys: [store, "[method]bucket.list-keys"],
        increment: [atomics, "increment"], look: [atomics, "[static]cas.new"], current: [atomics, "[method]cas.current"],
        swap: [atomics, "swap"], drop_seen: [atomics, "[resource-drop]cas"],
        get_many: [batch, "get-many"], set_many: [batch, "set-many"], delete: [batch, "delete-many"]
      }.freeze

      def heartbeat(progress) = @heartbeat.call(progress)
      def cancelled? = @cancelled.call
      def remaining_time_ms = @remaining.call
      def log(level, context, message) = @log.call(level, context, message)

      # nil if it is not granted.
      def secret(name)
        kind, value = @secret.call(name)
        return value if kind == "ok"

        raise RetryableError.new("secret `#{name}`: #{value.last}", error_type: "SecretUnavailable")
      end

      def open_bucket(name)
        kind, value = @buckets[:open].call(name)
        return Store.new(@buckets, value) if kind == "ok"

        if value.first == "access-denied"
          raise PermanentError.new("the bucket `#{name}` is not granted to this step; see `grants.key_value` in the template",
                                   error_type: "KeyValueDenied")
        end
        raise RetryableError.new("bucket `#{name}`: #{Store.words(value)}", error_type: "KeyValueFailed")
      end

      # Sends a request. Returns the status, pairs of headers, and an enumerator of the body's pieces.
      def send_request(request)
        holding do |held|
          outgoing = prepare(request, held)
          body = held[:drop_outgoing_body] = ok(@http[:body].call(outgoing))
          kind, value = @http[:handle].call(outgoing, options(request, held))
          # The host has them now.
          held.delete(:drop_request)
          held.delete(:drop_options)
          raise unreachable(request, value) if kind == "error"

          held[:drop_future] = value
          write(request, body, held)
          response = held[:drop_response] = wait(request, value)
          fields = held[:drop_fields] = @http[:headers].call(response)
          headers = @http[:entries].call(fields).map { |name, text| [name, text.force_encoding(Encoding::UTF_8).scrub] }
          status = @http[:status].call(response)
          # The reader of the body drops it.
          held.delete(:drop_response)
          [status, headers, Enumerator.new { |pieces| read(request, response, pieces) }]
        end
      end

      private

      # Handles by the functions that drop them. What is held at the end is dropped, the youngest first: each must be dropped before
      # what it came from. An execution has few handles, and what fails may be tried again in it.
      def holding
        held = {}
        yield held
      ensure
        held.to_a.reverse_each { |drop, handle| @http[drop].call(handle) }
      end

      def ok(result) = result.first == "ok" ? result.last : raise(RetryableError.new("the host refuses", error_type: "HttpUnreachable"))

      def prepare(request, held)
        scheme, rest = request.url.split("://", 2)
        raise invalid(request, "it has no scheme") unless rest

        authority, path = rest.match(%r{\A([^/?#]*)([^#]*)}).captures
        path = "/#{path}" unless path.start_with?("/")
        fields = held[:drop_fields] = @http[:fields].call
        # Without it even an empty body would be chunked, which servers do not expect of a GET.
        [*request.headers, ["content-length", request.body.bytesize.to_s]].each do |name, value|
          kind, error = @http[:append].call(fields, name, value.b)
          raise invalid(request, "header `#{name}`: #{error.first}") if kind == "error"
        end
        outgoing = held[:drop_request] = @http[:request].call(fields)
        held.delete(:drop_fields)
        {
          method: METHODS.include?(request.method.upcase) ? [request.method.downcase] : ["other", request.method],
          scheme: { "http" => ["HTTP"], "https" => ["HTTPS"] }.fetch(scheme.downcase) { ["other", scheme] },
          host: authority, path: path
        }.each do |what, value|
          raise invalid(request, "its #{what} is not valid") if @http[what].call(outgoing, value).first == "error"
        end
        outgoing
      end

      def options(request, held)
        return nil unless request.timeout

        options = held[:drop_options] = @http[:options].call
        wait = (request.timeout * NANOSECONDS).to_i
        %i[connect_timeout first_byte_timeout between_bytes_timeout].each do |what|
          next if @http[what].call(options, wait).first == "ok"

          raise invalid(request, "a timeout of #{request.timeout} seconds is not possible")
        end
        options
      end

      def write(request, body, held)
        stream = held[:drop_output] = ok(@http[:write].call(body))
        start = 0
        while start < request.body.bytesize
          kind, error = @http[:put].call(stream, request.body.byteslice(start, WRITE_BYTES).b)
          raise broken(request, error) if kind == "error"

          start += WRITE_BYTES
        end
        @http[:drop_output].call(held.delete(:drop_output))
        kind, error = @http[:finish].call(body, nil)
        held.delete(:drop_outgoing_body)
        raise unreachable(request, error) if kind == "error"
      end

      def wait(request, future)
        ready = @http[:subscribe].call(future)
        @http[:block].call(ready)
        @http[:drop_pollable].call(ready)
        got, (kind, value) = @http[:get].call(future)
        raise RetryableError.new("#{request.url}: no response", error_type: "HttpUnreachable") unless got == "ok"
        raise unreachable(request, value) if kind == "error"

        value
      end

      def read(request, response, pieces)
        holding do |held|
          held[:drop_response] = response
          body = held[:drop_body] = ok(@http[:consume].call(response))
          stream = held[:drop_input] = ok(@http[:stream].call(body))
          loop do
            kind, value = @http[:read].call(stream, READ_BYTES)
            if kind == "ok" then pieces << value
            elsif value.first == "closed" then break
            else raise broken(request, value)
            end
          end
        end
      end

      # `error` is that of a stream.
      def broken(request, error)
        _, handle = error
        words = handle ? @http[:describe_error].call(handle) : "the connection broke"
        @http[:drop_error].call(handle) if handle
        RetryableError.new("#{request.url}: #{words}", error_type: "HttpUnreachable")
      end

      def invalid(request, what) = PermanentError.new("`#{request.url}`: #{what}", error_type: "InvalidRequest")

      def unreachable(request, code)
        if code.first == "HTTP-request-denied"
          return PermanentError.new("#{request.url} is not granted to this step; see `grants.http` in the template",
                                    error_type: "HttpDenied")
        end
        RetryableError.new("#{request.url}: #{code.compact.join(": ")}", error_type: "HttpUnreachable")
      end

      # An open bucket of the host.
      class Store
        def self.words(error)
          case error.first
          when "no-such-store" then "the host has no key-value store"
          when "access-denied" then "access was denied"
          else error.last
          end
        end

        def initialize(functions, bucket) = (@functions, @bucket = functions, bucket)
        def get(key) = ask(:get, @bucket, key)
        def get_many(keys) = ask(:get_many, @bucket, keys).map { |pair| pair&.last }
        def set(key, value) = ask(:set, @bucket, key, value)
        def set_many(values) = ask(:set_many, @bucket, values)
        def delete(keys) = ask(:delete, @bucket, keys)
        def exists?(key) = ask(:exists, @bucket, key)
        def increment(key, delta) = ask(:increment, @bucket, key, delta)

        def keys
          keys, cursor = [], nil
          loop do
            page, cursor = ask(:keys, @bucket, cursor)
            keys.concat(page)
            return keys if cursor.nil?
          end
        end

        # Replaces a value by what the block makes of the one that is there, until nobody has changed it in between.
        def swap(key)
          seen = ask(:look, @bucket, key)
          # No `loop`, which would take a StopIteration of the block for its own end.
          while seen
            kind, error = @functions[:swap].call(seen, yield(ask(:current, seen)))
            # The host has it now.
            seen = nil
            raise StoreError, Store.words(error.last) if kind == "error" && error.first == "store-error"

            seen = error.last if kind == "error"
          end
        ensure
          @functions[:drop_seen].call(seen) if seen
        end

        private

        def ask(name, *arguments)
          kind, value = @functions[name].call(*arguments)
          kind == "ok" ? value : raise(StoreError, Store.words(value))
        end
      end
    end
  end
end
