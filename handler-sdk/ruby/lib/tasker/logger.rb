# frozen_string_literal: true

module Tasker
  # The step's log. Has the methods of Ruby's own Logger that handlers use.
  class Logger
    LEVELS = { debug: "debug", info: "info", warn: "warn", error: "error", fatal: "critical", unknown: "info" }.freeze

    attr_accessor :level, :progname

    def initialize(host = nil) = @host = host

    LEVELS.each do |name, level|
      define_method(name) { |message = nil, &block| write(level, message, &block) }
      define_method("#{name}?") { true }
    end

    def add(severity, message = nil, progname = nil, &block)
      write(LEVELS.values.fetch(severity.to_i, "info"), message || progname, &block)
    end
    alias log add

    private

    def write(level, message)
      message = yield if block_given?
      message = "#{message.message} (#{message.class})" if message.is_a?(Exception)
      message = message.is_a?(String) ? message : message.inspect
      host = @host || Logger.host
      # There is no host while handlers are loaded or tested.
      host ? host.log(level, progname.to_s, message) : $stderr.puts("#{level}: #{message}")
      true
    end

    class << self
      # The host of the execution.
      attr_accessor :host
    end
  end

  # The step's log, outside of handlers' methods.
  def self.logger = @logger ||= Logger.new
end
